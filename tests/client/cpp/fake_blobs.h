// Blobs as a server keeps them, in memory, with streams that can be cut. A header, as the fake is
// shared by the tests of the library and of xpctl.
#pragma once

#include <grpcpp/server_context.h>

#include <map>
#include <string>
#include <vector>

#include "client/cpp/sha256.h"
#include "xp/v1/blobs.grpc.pb.h"

namespace xp::client {

class FakeBlobs final : public v1::Blobs::Service {
 public:
  // The next upload (download) ends with UNAVAILABLE after so many data messages.
  void CutUploadAfter(int messages) { cut_upload_ = messages; }
  void CutDownloadAfter(int messages) { cut_download_ = messages; }
  std::map<std::string, std::string> whole;    // by SHA-256
  std::map<std::string, std::string> partial;  // of uploads that were cut
  std::vector<uint64_t> upload_offsets;        // of the headers seen
  std::vector<uint64_t> download_offsets;

  std::string Add(const std::string& bytes) {
    const std::string sha256 = Sha256Hex(bytes);
    whole[sha256] = bytes;
    return sha256;
  }

  grpc::Status FindMissingBlobs(grpc::ServerContext*, const v1::FindMissingBlobsRequest* request,
                                v1::FindMissingBlobsResponse* response) override {
    for (const std::string& sha256 : request->sha256()) {
      if (whole.contains(sha256)) continue;
      v1::MissingBlob& missing = *response->add_missing();
      missing.set_sha256(sha256);
      missing.set_held_bytes(partial[sha256].size());
    }
    return grpc::Status::OK;
  }

  grpc::Status UploadBlobs(grpc::ServerContext*, grpc::ServerReader<v1::UploadBlobsRequest>* reader,
                           v1::UploadBlobsResponse* response) override {
    v1::UploadBlobsRequest message;
    std::string name;
    uint64_t size = 0;
    const auto finish = [&] {
      if (name.empty()) return true;
      std::string& bytes = partial[name];
      if (bytes.size() < size) return false;
      if (Sha256Hex(bytes) != name) return false;
      whole[name] = bytes;
      partial.erase(name);
      response->set_blobs(response->blobs() + 1);
      return true;
    };
    while (reader->Read(&message)) {
      if (message.has_header()) {
        if (!finish()) return {grpc::StatusCode::DATA_LOSS, "wrong bytes"};
        name = message.header().sha256();
        size = message.header().size();
        upload_offsets.push_back(message.header().offset());
        if (message.header().offset() != partial[name].size()) {
          return {grpc::StatusCode::INVALID_ARGUMENT, "wrong offset"};
        }
      } else {
        partial[name] += message.data();
        if (cut_upload_ > 0 && --cut_upload_ == 0) return {grpc::StatusCode::UNAVAILABLE, "cut"};
      }
    }
    if (!finish()) return {grpc::StatusCode::DATA_LOSS, "wrong bytes"};
    return grpc::Status::OK;
  }

  grpc::Status DownloadBlob(grpc::ServerContext*, const v1::DownloadBlobRequest* request,
                            grpc::ServerWriter<v1::DownloadBlobResponse>* writer) override {
    download_offsets.push_back(request->offset());
    const auto found = whole.find(request->sha256());
    if (found == whole.end()) return {grpc::StatusCode::NOT_FOUND, "no such blob"};
    const std::string& bytes = found->second;
    if (request->offset() > bytes.size()) return {grpc::StatusCode::OUT_OF_RANGE, "beyond"};
    for (uint64_t at = request->offset(); at < bytes.size();) {
      v1::DownloadBlobResponse message;
      message.set_total_size(bytes.size());
      message.set_data(bytes.substr(at, 1000));
      at += message.data().size();
      writer->Write(message);
      if (cut_download_ > 0 && --cut_download_ == 0) return {grpc::StatusCode::UNAVAILABLE, "cut"};
    }
    return grpc::Status::OK;
  }

 private:
  int cut_upload_ = 0;
  int cut_download_ = 0;
};

}  // namespace xp::client
