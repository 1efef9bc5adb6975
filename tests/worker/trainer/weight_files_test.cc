// Weight files that are damaged or hostile: an error with the file and the byte, never a crash.
// The fuzz cases change bytes of good files by a seed; run them under AddressSanitizer.
#include "worker/trainer/model/weight_files.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <array>
#include <cstring>
#include <fstream>
#include <random>

#include "tests/worker/trainer/mutations.h"
#include "worker/trainer/model/pickle.h"

namespace xp::trainer {
namespace {

namespace fs = std::filesystem;

template <typename T>
std::string Bytes(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

constexpr uint32_t kCentral = 0x02014b50;  // a directory entry of a zip

std::string Safetensors(const std::string& header, const std::string& data) {
  return Bytes(uint64_t{header.size()}) + header + data;
}

std::string Entry(const std::string& name, const std::string& shape, int begin, int end,
                  const std::string& dtype = "F32") {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape +
         R"(,"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

enum class Numbers { k32Bits, k64Bits };

// A zip of stored members, as torch.save writes it; k64Bits: as one of more than 4 GiB.
std::string Zip(const std::vector<std::pair<std::string, std::string>>& members,
                Numbers numbers = Numbers::k32Bits) {
  const bool large = numbers == Numbers::k64Bits;
  const auto narrow = [&](size_t number) { return Bytes(large ? ~uint32_t{0} : uint32_t(number)); };
  std::string out, directory;
  for (const auto& [name, data] : members) {
    const auto crc =
        uint32_t(crc32(0, reinterpret_cast<const Bytef*>(data.data()), uInt(data.size())));
    const std::string extra =
        !large ? ""
               : Bytes(uint16_t{1}) + Bytes(uint16_t{24}) + Bytes(uint64_t{data.size()}) +
                     Bytes(uint64_t{data.size()}) + Bytes(uint64_t{out.size()});
    const std::string common = Bytes(uint16_t{45}) + Bytes(uint16_t{0}) + Bytes(uint16_t{0}) +
                               Bytes(uint32_t{0}) + Bytes(crc) + narrow(data.size()) +
                               narrow(data.size()) + Bytes(uint16_t(name.size()));
    directory += Bytes(kCentral) + Bytes(uint16_t{45}) + common + Bytes(uint16_t(extra.size())) +
                 Bytes(uint16_t{0}) + Bytes(uint16_t{0}) + Bytes(uint16_t{0}) + Bytes(uint32_t{0}) +
                 narrow(out.size()) + name + extra;
    out += Bytes(uint32_t{0x04034b50}) + common + Bytes(uint16_t{0}) + name + data;
  }
  const size_t at = out.size(), count = members.size();
  out += directory;
  if (large) {
    const size_t record = out.size();
    out += Bytes(uint32_t{0x06064b50}) + Bytes(uint64_t{44}) + Bytes(uint16_t{45}) +
           Bytes(uint16_t{45}) + Bytes(uint64_t{0}) + Bytes(uint64_t{count}) +
           Bytes(uint64_t{count}) + Bytes(uint64_t{directory.size()}) + Bytes(uint64_t{at});
    out += Bytes(uint32_t{0x07064b50}) + Bytes(uint32_t{0}) + Bytes(uint64_t{record}) +
           Bytes(uint32_t{1});
  }
  const std::string narrow_count = Bytes(uint16_t(large ? 0xFFFF : count));
  return out + Bytes(uint32_t{0x06054b50}) + Bytes(uint32_t{0}) + narrow_count + narrow_count +
         narrow(directory.size()) + narrow(at) + Bytes(uint16_t{0});
}

std::string Text(const std::string& text) { return "X" + Bytes(uint32_t(text.size())) + text; }

// {"w": a float tensor of 2 x 2}, in protocol 2.
std::string StateDict(const std::string& key = "0", const std::string& shape = "K\x02K\x02\x86",
                      const std::string& stride = "K\x02K\x01\x86") {
  return std::string("\x80\x02") + "ccollections\nOrderedDict\n)R(" + Text("w") +
         "ctorch._utils\n_rebuild_tensor_v2\n((" + Text("storage") + "ctorch\nFloatStorage\n" +
         Text(key) + Text("cpu") + "K\x04tQK" + std::string(1, '\0') + shape + stride + "\x89" +
         "ccollections\nOrderedDict\n)RtRu.";
}

std::string TorchFile(Numbers numbers = Numbers::k32Bits) {
  return Zip({{"archive/data.pkl", StateDict()},
              {"archive/data/0", Bytes(1.f) + Bytes(2.f) + Bytes(3.f) + Bytes(4.f)}},
             numbers);
}

class WeightFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::path(testing::TempDir()) / ("weights." + std::to_string(::getpid()));
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  absl::StatusOr<ArrayFile> Read(const std::string& name, const std::string& content) {
    if (name != last_) fs::remove(dir_ / last_);
    last_ = name;
    std::ofstream(dir_ / name, std::ios::binary) << content;  // unsynced: there are thousands
    std::string source;
    return ReadWeightFiles(dir_, &source);
  }
  void ExpectRefused(const std::string& content, const std::string& why) {
    const auto read = Read("model.safetensors", content);
    ASSERT_FALSE(read.ok()) << why;
    EXPECT_NE(read.status().ToString().find("model.safetensors: byte "), std::string::npos)
        << read.status();
    EXPECT_NE(read.status().ToString().find(why), std::string::npos) << read.status();
  }
  void ExpectPickleRefused(const std::string& pickle, const std::string& why) {
    const auto read = ReadPickledTensors(pickle);
    ASSERT_FALSE(read.ok()) << why;
    EXPECT_NE(read.status().ToString().find(why), std::string::npos) << read.status();
    EXPECT_NE(read.status().ToString().find("byte "), std::string::npos) << read.status();
  }
  // Whatever becomes of the file: every byte that a view shows must be readable.
  void Fuzz(const std::string& name, const std::string& good, unsigned seed) {
    Mutator mutate(seed);
    int read_well = 0;
    for (int round = 0; round < FuzzRounds(400); ++round) {
      const auto read = Read(name, mutate(good));
      if (!read.ok()) {
        ASSERT_NE(read.status().message().find(name), std::string::npos) << read.status();
        continue;
      }
      ++read_well;
      unsigned sum = 0;
      for (const auto& [array, view] : read->arrays) {
        for (uint64_t i = 0; i < view.bytes; ++i) sum += uint8_t(view.data[i]);
      }
      EXPECT_GE(sum, 0u);
    }
    RecordProperty("read_well", read_well);
  }

  fs::path dir_;
  std::string last_ = "none";
};

TEST_F(WeightFilesTest, GoodFilesAreRead) {
  const std::string data(16, '\1');
  const auto safe =
      Read("model.safetensors", Safetensors("{" + Entry("w", "[2,2]", 0, 16) + "}", data));
  ASSERT_TRUE(safe.ok()) << safe.status();
  const auto torch = Read("pytorch_model.bin", TorchFile());
  ASSERT_TRUE(torch.ok()) << torch.status();
  for (const ArrayFile* file : {&*safe, &*torch}) {
    EXPECT_EQ(file->arrays.at("w").shape, (std::vector<int64_t>{2, 2}));
    EXPECT_EQ(file->arrays.at("w").bytes, 16u);
  }
}

TEST_F(WeightFilesTest, AHeaderThatLiesIsRefusedWithTheByte) {
  const std::string data(16, '\1');
  const auto one = [&](const std::string& entries) {
    return Safetensors("{" + entries + "}", data);
  };
  ExpectRefused("short", "too short");
  ExpectRefused(Bytes(uint64_t{1} << 62) + "{}", "the header is said to have");
  ExpectRefused(Safetensors("not json", data), "the header is damaged");
  ExpectRefused(Safetensors("[]", data), "no JSON object");
  ExpectRefused(Safetensors(std::string(1000, '['), data), "nests too deeply");
  ExpectRefused(one(Entry("w", "[2,2]", 0, 16, "F99")), "unknown dtype F99");
  ExpectRefused(one(Entry("w", "[2,2]", 0, 16, "F16")), "its shape needs another number");
  ExpectRefused(one(Entry("w", "[-2,-2]", 0, 16)), "has the shape [-2,-2]");
  ExpectRefused(one(Entry("w", "[0,-1]", 0, 0)), "has the shape");
  ExpectRefused(one(Entry("w", "[4294967296,4294967296]", 0, 16)),
                "its shape needs another number");
  ExpectRefused(one(Entry("w", "[18446744073709551615]", 0, 16)), "has the shape");
  ExpectRefused(one(Entry("w", "[2.5]", 0, 16)), "has the shape");
  ExpectRefused(one(Entry("w", "[2,2]", -16, 0)), "has the data_offsets");
  ExpectRefused(one(Entry("w", "[2,2]", 4, 20)), "is said to lie at 4 to 20");
  ExpectRefused(one(Entry("v", "[2]", 0, 8) + "," + Entry("w", "[3]", 4, 16)), "overlaps another");
  ExpectRefused(one(Entry("v", "[1]", 0, 4) + "," + Entry("w", "[2]", 8, 16)), "behind a gap");
  ExpectRefused(one(Entry("w", "[2]", 0, 8)), "8 bytes belong to no tensor");
  ExpectRefused(one(Entry("w", "[2,2]", 0, 16) + "," + Entry("w", "[4]", 0, 16)),
                "names 'w' twice");
}

TEST_F(WeightFilesTest, APickleThatWantsToRunSomethingIsRefused) {
  ExpectPickleRefused("cos\nsystem\n(" + Text("true") + "tR.", "it names 'os.system'");
  ExpectPickleRefused("c__builtin__\neval\n.", "it names '__builtin__.eval'");
  ExpectPickleRefused(Text("os") + Text("system") + "\x93.", "it names 'os.system'");
  ExpectPickleRefused("i", "the opcode 0x69");
  ExpectPickleRefused("ctorch\nFloatStorage\n)R.", "it calls torch.FloatStorage");
  ExpectPickleRefused("R.", "the stack is empty");
  ExpectPickleRefused("h\x07.", "it recalls what was not kept");
  ExpectPickleRefused("X\xff\xff\xff\x7f", "the pickle ends here");
  ExpectPickleRefused(std::string(300'000, '}') + ".", "too many values");
}

// A tensor copies these: by the memo a small file could ask for the same long one many times.
TEST_F(WeightFilesTest, WhatATensorHasOfItsOwnIsShort) {
  EXPECT_TRUE(ReadPickledTensors(StateDict(std::string(64, '1'))).ok());
  ExpectPickleRefused(StateDict(std::string(65, '1')), "key of more than 64 bytes");
  std::string nine = "(";
  for (int i = 0; i < 9; ++i) nine += "K\x01";
  ExpectPickleRefused(StateDict("0", nine + "t"), "more than 8 dimensions");
  ExpectPickleRefused("ctorch\n" + std::string(100, 'A') + "Storage\n.", "more than 64 bytes");
}

// A tuple of two, each with 8 bytes.
std::string Two(int64_t first, int64_t second) {
  return "\x8a\x08" + Bytes(first) + "\x8a\x08" + Bytes(second) + "\x86";
}

TEST_F(WeightFilesTest, ATensorThatDoesNotLieRowByRowIsGathered) {
  const std::string data = Bytes(1.f) + Bytes(2.f) + Bytes(3.f) + Bytes(4.f);
  const auto values = [&](const std::string& shape, const std::string& stride) {
    const auto read =
        Read("pytorch_model.bin",
             Zip({{"a/data.pkl", StateDict("0", shape, stride)}, {"a/data/0", data}}));
    std::vector<float> found;
    if (!read.ok()) {
      ADD_FAILURE() << read.status();
      return found;
    }
    const ArrayView& view = read->arrays.at("w");
    found.resize(view.bytes / sizeof(float));
    if (!found.empty()) std::memcpy(found.data(), view.data, view.bytes);
    return found;
  };
  using Floats = std::vector<float>;
  EXPECT_EQ(values(Two(2, 2), Two(1, 2)), (Floats{1, 3, 2, 4}));        // transposed
  EXPECT_EQ(values(Two(2, 1), Two(2, 1)), (Floats{1, 3}));              // a slice of its columns
  EXPECT_EQ(values(Two(3, 2), Two(0, 1)), (Floats{1, 2, 1, 2, 1, 2}));  // expanded
  EXPECT_EQ(values(Two(2, 2), Two(1, 1)), (Floats{1, 2, 2, 3}));        // as_strided
  EXPECT_EQ(values(Two(1, 2), Two(INT64_MAX, 3)), (Floats{1, 4}));      // never stepped by
  EXPECT_EQ(values(Two(1, 4), Two(INT64_MAX, 1)), (Floats{1, 2, 3, 4}));
  EXPECT_EQ(values(Two(0, 2), Two(7, 3)), Floats());
}

TEST_F(WeightFilesTest, StridesThatLieAreRefused) {
  for (const auto& [shape, stride, why] : std::vector<std::array<std::string, 3>>{
           {Two(2, 2), Two(1, 3), "too short"},
           {Two(2, 2), Two(INT64_MAX, INT64_MAX), "too short"},
           {Two(INT64_MAX, 2), Two(2, 1), "too short"},
           {Two(INT64_MAX, INT64_MAX), Two(INT64_MAX, INT64_MAX), "too short"},
           {Two(2, int64_t{1} << 62), Two(0, 4), "too short"},
           {Two(INT64_MAX, 1), Two(0, 1), "gives reason for"},  // one number, said to be 2^63
           {Two(INT64_MAX, INT64_MAX), Two(0, 0), "gives reason for"},
           {Two(int64_t{1} << 12, int64_t{1} << 13), Two(0, 0), "gives reason for"},  // 128 MiB
           {Two(2, 2), "K\x01\x85", "it has 2 sizes and 1 strides"},
           {Two(2, 2), Two(-1, 1), "something else than sizes"}}) {
    const auto read = Read("pytorch_model.bin", Zip({{"a/data.pkl", StateDict("0", shape, stride)},
                                                     {"a/data/0", std::string(16, '\1')}}));
    EXPECT_TRUE(absl::IsDataLoss(read.status())) << why << ": " << read.status();
    EXPECT_NE(read.status().ToString().find(why), std::string::npos) << read.status();
    EXPECT_NE(read.status().ToString().find("pytorch_model.bin: data.pkl at byte "),
              std::string::npos)
        << read.status();
  }
}

TEST_F(WeightFilesTest, DeepAndCircularPicklesEndWell) {
  ExpectPickleRefused(")" + std::string(150'000, '\x85') + ".", "");  // a tuple in a tuple in ...
  ExpectPickleRefused(std::string("]q\0h\0a.", 7), "");               // a list that holds itself
}

TEST_F(WeightFilesTest, AZipThatLiesIsRefusedWithTheByte) {
  const std::string good = TorchFile();
  for (const auto& [name, content, why] : std::vector<std::array<std::string, 3>>{
           {"no end", good.substr(0, good.size() - 10), "its end is missing"},
           {"two pickles", Zip({{"a/data.pkl", StateDict()}, {"b/data.pkl", StateDict()}}),
            "a second data.pkl"},
           {"twice", Zip({{"a/data.pkl", StateDict()}, {"a/data.pkl", ""}}), "a second member"},
           {"no data", Zip({{"a/data.pkl", StateDict()}}), "lacks data/0"},
           {"short data", Zip({{"a/data.pkl", StateDict()}, {"a/data/0", "1234"}}), "its s"}}) {
    const auto read = Read("pytorch_model.bin", content);
    ASSERT_FALSE(read.ok()) << name;
    EXPECT_NE(read.status().ToString().find(why), std::string::npos)
        << name << ": " << read.status();
    EXPECT_NE(read.status().ToString().find("pytorch_model.bin"), std::string::npos)
        << read.status();
  }
  std::string packed = good;
  packed[good.find(Bytes(kCentral)) + 10] = 8;  // deflate
  EXPECT_TRUE(absl::IsInvalidArgument(Read("pytorch_model.bin", packed).status()));
  std::string shared = good;  // the second entry's member is the first's too
  const size_t first = good.find(Bytes(kCentral)), second = good.find(Bytes(kCentral), first + 4);
  shared.replace(second + 16, 12, good, first + 16, 12);
  shared.replace(second + 42, 4, good, first + 42, 4);
  EXPECT_NE(Read("pytorch_model.bin", shared).status().ToString().find("overlaps another"),
            std::string::npos)
      << Read("pytorch_model.bin", shared).status();
  std::string wrong = good;
  wrong[good.find(Bytes(1.f) + Bytes(2.f))] ^= 1;
  EXPECT_NE(Read("pytorch_model.bin", wrong).status().ToString().find("checksum"),
            std::string::npos);
}

TEST_F(WeightFilesTest, AZipWith64BitNumbersIsReadAndItsLiesAreRefused) {
  const std::string good = TorchFile(Numbers::k64Bits);
  const auto read = Read("pytorch_model.bin", good);
  ASSERT_TRUE(read.ok()) << read.status();
  float last = 0;
  std::memcpy(&last, read->arrays.at("w").data + 12, 4);
  EXPECT_EQ(last, 4.f);
  const size_t locator = good.size() - 22 - 20, record = locator - 56;
  const size_t field = good.find(Bytes(uint16_t{1}) + Bytes(uint16_t{24}));
  const auto refused = [&](size_t at, const std::string& bytes, const std::string& why) {
    std::string bad = good;
    bad.replace(at, bytes.size(), bytes);
    const auto wrong = Read("pytorch_model.bin", bad).status();
    EXPECT_TRUE(absl::IsDataLoss(wrong)) << why << ": " << wrong;
    EXPECT_NE(wrong.ToString().find("pytorch_model.bin: byte "), std::string::npos) << wrong;
    EXPECT_NE(wrong.ToString().find(why), std::string::npos) << wrong;
  };
  const std::string beyond = Bytes(~uint64_t{0} - 7);
  refused(locator, "xxxx", "the place of the zip64 directory is missing");
  refused(locator + 8, beyond, "no zip64 end record");
  refused(locator + 8, Bytes(uint64_t{record + 1}), "no zip64 end record");
  refused(record + 48, beyond, "the directory is damaged");
  refused(record + 32, beyond, "the directory is damaged");
  refused(field + 2, Bytes(uint16_t{8}), "its zip64 field is too short");
  refused(field, Bytes(uint16_t{2}), "its zip64 field is missing");
  refused(field + 4, beyond, "the archive ends within a member");
  refused(field + 20, beyond, "no member begins at");
}

TEST_F(WeightFilesTest, AnIndexLeadsNowhereElse) {
  for (const char* file : {"../secret", "/etc/passwd", "..", ""}) {
    const auto read = Read("model.safetensors.index.json",
                           std::string(R"({"weight_map":{"w":")") + file + "\"}}");
    EXPECT_NE(read.status().ToString().find("no file name beside it"), std::string::npos)
        << read.status();
  }
}

TEST_F(WeightFilesTest, ChangedSafetensorsNeverCrash) {
  const std::string header = "{" + Entry("v", "[2]", 0, 8) + "," + Entry("w", "[2,2]", 8, 24) + "}";
  Fuzz("model.safetensors", Safetensors(header, std::string(24, '\1')), 20261125);
}

TEST_F(WeightFilesTest, ChangedTorchFilesNeverCrash) {
  Fuzz("pytorch_model.bin", TorchFile(), 20261126);
  Fuzz("pytorch_model.bin", TorchFile(Numbers::k64Bits), 20261128);
}

// Past the checksums, which catch most of what the case above does.
TEST_F(WeightFilesTest, ChangedPicklesNeverCrash) {
  const std::string good = StateDict();
  std::mt19937 random(20261127);
  int whole = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    for (unsigned change = 0; change <= random() % 3; ++change) {
      bad[random() % bad.size()] = char(random());
    }
    const auto read = ReadPickledTensors(bad);
    if (!read.ok()) continue;
    ++whole;
    if (whole % 100 != 0) continue;  // what it describes must still lie within its file
    const auto file =
        Read("pytorch_model.bin", Zip({{"a/data.pkl", bad}, {"a/data/0", std::string(16, '\1')}}));
    if (!file.ok()) continue;
    for (const auto& [name, view] : file->arrays) {
      for (uint64_t i = 0; i < view.bytes; ++i) EXPECT_EQ(view.data[i], '\1') << name;
    }
  }
  EXPECT_GT(whole, 0);
}

}  // namespace
}  // namespace xp::trainer
