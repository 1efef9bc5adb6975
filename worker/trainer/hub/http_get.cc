#include "worker/trainer/hub/http_get.h"

#include <curl/curl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "worker/trainer/files.h"

namespace xp::trainer {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return lower;
}

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

// W/"abc" and "abc" to abc.
std::string Unquoted(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

class Transfer {
 public:
  explicit Transfer(const HttpRequest& request) : request_(request) {}

  HttpAnswer answer;
  bool unchanged = false;      // ended because of unless_etag
  bool other_content = false;  // ended because the file's beginning is of another content

  uint64_t offset = 0;  // where the file was to be continued

  void OnHeader(std::string_view line);
  bool OnHeadersEnd();  // false: end the transfer
  bool OnBody(std::string_view bytes);
  // Closes the file. What was buffered may not fit on the disk, so no answer counts before this.
  absl::Status Finish();
  bool Stopping() const { return request_.stopping && request_.stopping(); }
  void OnProgress(uint64_t done, uint64_t total) const {
    if (request_.progress) {
      const uint64_t before = answer.resumed ? offset : 0;
      request_.progress(before + done, total == 0 ? 0 : before + total);
    }
  }

 private:
  bool OpenFile();

  const HttpRequest& request_;
  std::string linked_etag_, first_etag_;
  bool redirect_ = false;
  absl::Status failed_;  // writing the file
  File file_;
};

void Transfer::OnHeader(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // the status line of a hop
    const size_t blank = line.find(' ');
    answer.status = blank == line.npos ? 0 : std::atoi(std::string(line.substr(blank)).c_str());
    redirect_ = answer.status >= 300 && answer.status < 400 && answer.status != 304;
    return;
  }
  const size_t colon = line.find(':');
  if (colon == line.npos) return;
  const std::string name = Lower(line.substr(0, colon));
  const std::string_view value = Trim(line.substr(colon + 1));
  if (name == "x-linked-etag") linked_etag_ = Unquoted(value);
  if (name == "etag" && first_etag_.empty()) first_etag_ = Unquoted(value);
  if (name == "x-repo-commit") answer.commit = value;
  if (name == "x-error-code") answer.error_code = value;
  if (name == "x-linked-size") answer.linked_size = std::strtoull(value.data(), nullptr, 10);
}

bool Transfer::OnHeadersEnd() {
  if (file_) return true;  // the end of what a server sends after the body
  answer.etag = !linked_etag_.empty() ? linked_etag_ : first_etag_;
  if (!answer.etag.empty() && answer.etag == request_.unless_etag && answer.status < 400) {
    unchanged = true;
    return false;
  }
  if (offset > 0 && !redirect_ && answer.status == 206 && answer.etag != request_.resume_etag) {
    other_content = true;
    return false;
  }
  return answer.status == 200 || answer.status == 206 ? OpenFile() : true;
}

// Emptied before the new mark is noted: a process that is killed between the two must not leave
// the beginning of one content under the mark of another.
bool Transfer::OpenFile() {
  answer.resumed = answer.status == 206 && offset > 0;
  file_.reset(std::fopen(request_.file.c_str(), answer.resumed ? "ab" : "wb"));
  if (!file_) {
    failed_ = ErrnoStatus("cannot write", request_.file);
  } else if (request_.on_etag) {
    failed_ = request_.on_etag(answer.etag);
  }
  return failed_.ok();
}

bool Transfer::OnBody(std::string_view bytes) {
  if (!file_) return true;  // an error's page
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) == bytes.size()) return true;
  failed_ = ErrnoStatus("cannot write", request_.file);
  return false;
}

absl::Status Transfer::Finish() {
  if (file_ && std::fclose(file_.release()) != 0 && failed_.ok()) {
    failed_ = ErrnoStatus("cannot write", request_.file);
  }
  return failed_;
}

size_t HeaderCallback(char* data, size_t size, size_t count, void* transfer) {
  auto* const self = static_cast<Transfer*>(transfer);
  const std::string_view line(data, size * count);
  if (!Trim(line).empty()) {
    self->OnHeader(line);
    return size * count;
  }
  return self->OnHeadersEnd() ? size * count : 0;
}

size_t BodyCallback(char* data, size_t size, size_t count, void* transfer) {
  return static_cast<Transfer*>(transfer)->OnBody({data, size * count}) ? size * count : 0;
}

int ProgressCallback(void* transfer, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
  const auto* const self = static_cast<const Transfer*>(transfer);
  self->OnProgress(uint64_t(done), uint64_t(total));
  return self->Stopping() ? 1 : 0;
}

// libcurl wants its globals made once, before threads use it.
bool CurlIsReady() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  return code == CURLE_OK;
}

void SetUp(CURL* curl, const HttpRequest& request, const HttpSettings& settings) {
  const char* const scheme = request.url.starts_with("https:") ? "https" : "http,https";
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, scheme);
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, scheme);  // never from https to http
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 8L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's are not the answer
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "xptrain/" XP_VERSION);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, long(settings.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, long(settings.stall_timeout.count()));
  if (!settings.ca_file.empty()) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, settings.ca_file.c_str());
  }
  if (!settings.token.empty()) {  // libcurl gives it to the first host alone
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, settings.token.c_str());
  }
}

absl::Status FailureOf(CURLcode code, const char* words, const std::string& url) {
  const std::string what = url + ": " + (words[0] != '\0' ? words : curl_easy_strerror(code));
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CACERT_BADFILE:
      return absl::InvalidArgumentError(what);
    case CURLE_ABORTED_BY_CALLBACK:
      return absl::CancelledError("asked to end while " + url + " was fetched; what came is kept");
    case CURLE_PEER_FAILED_VERIFICATION:
      return absl::FailedPreconditionError(what +
                                           " (name the authority's certificate with XP_HUB_CA)");
    default:
      return absl::UnavailableError(what);
  }
}

}  // namespace

absl::StatusOr<HttpAnswer> HttpGet(const HttpRequest& request, const HttpSettings& settings) {
  if (!CurlIsReady()) return absl::InternalError("libcurl does not start");
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return absl::ResourceExhaustedError("libcurl: out of memory");
  Transfer transfer(request);
  char words[CURL_ERROR_SIZE] = "";
  SetUp(curl.get(), request, settings);
  std::error_code error;
  const auto held = std::filesystem::file_size(request.file, error);
  if (!error && held > 0 && !request.resume_etag.empty()) {
    transfer.offset = held;
    curl_easy_setopt(curl.get(), CURLOPT_RANGE, (std::to_string(held) + "-").c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, words);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, HeaderCallback);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &transfer);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, BodyCallback);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFOFUNCTION, ProgressCallback);
  curl_easy_setopt(curl.get(), CURLOPT_XFERINFODATA, &transfer);
  const CURLcode code = curl_easy_perform(curl.get());
  if (absl::Status status = transfer.Finish(); !status.ok()) return status;
  if (transfer.unchanged) {
    transfer.answer.status = 304;
    return transfer.answer;
  }
  if (transfer.other_content) {  // what was there is of no use
    HttpRequest anew = request;
    anew.resume_etag.clear();
    return HttpGet(anew, settings);
  }
  if (code != CURLE_OK) return FailureOf(code, words, request.url);
  return transfer.answer;
}

}  // namespace xp::trainer
