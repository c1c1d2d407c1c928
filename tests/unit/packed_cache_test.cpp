#include "runtime/packed_cache.h"

#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "backends/cpu/thread_pool.h"

namespace mica {
namespace {

namespace fs = std::filesystem;

class PackedCache : public testing::Test {
 protected:
  PackedCache() : packed_(200'000) {
    for (size_t i = 0; i < packed_.size(); ++i) packed_[i] = static_cast<std::byte>(i * 7 + i / 256);
    key_.layout = {1, 2};
    key_.files = {3, 4};
    key_.files_settled = true;
    key_.bytes = packed_.size();
  }
  ~PackedCache() override { fs::remove(path_); }

  // Whether the file serves; `contents_` is what the weights hash to, `asked_` how often that was wanted.
  bool serves() {
    const auto contents = [this] {
      ++asked_;
      return contents_;
    };
    const auto found = read_packed(path_, key_, contents, threads_, notes_);
    return found != nullptr && std::memcmp(found.get(), packed_.data(), packed_.size()) == 0;
  }
  void write() { write_packed(path_, key_, contents_, packed_, notes_); }

  const std::string path_ =
      testing::TempDir() + "mica_packed_cache_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  std::vector<std::byte> packed_;
  PackedFileKey key_;
  ContentHash contents_{5, 6};
  int asked_ = 0;
  ThreadPool threads_{2};
  std::vector<std::string> notes_;
};

TEST_F(PackedCache, NeedNotReadFilesThatAreTheSame) {
  EXPECT_FALSE(serves());
  write();
  EXPECT_TRUE(serves());
  EXPECT_EQ(asked_, 0);
  EXPECT_THAT(notes_, testing::IsEmpty());
}

TEST_F(PackedCache, RemembersFilesThatTurnedOutTheSame) {
  write();
  key_.files = {7, 8};
  EXPECT_TRUE(serves());
  EXPECT_TRUE(serves());
  EXPECT_EQ(asked_, 1);
  contents_ = {9, 9};
  key_.files = {10, 10};
  EXPECT_FALSE(serves());
  EXPECT_EQ(asked_, 2);
  EXPECT_EQ(notes_.size(), 1u);
}

TEST_F(PackedCache, ReadsFilesThatWereJustWrittenTo) {
  key_.files_settled = false;
  write();
  EXPECT_TRUE(serves());
  EXPECT_TRUE(serves());
  EXPECT_EQ(asked_, 2);
  key_.files_settled = true;
  EXPECT_TRUE(serves());
  EXPECT_TRUE(serves());
  EXPECT_EQ(asked_, 3);
}

TEST_F(PackedCache, IsOfOneLayout) {
  write();
  key_.layout = {1, 3};
  EXPECT_FALSE(serves());
  EXPECT_THAT(notes_, testing::ElementsAre(testing::HasSubstr("other weights, another build")));
}

// As when the machine stopped before all was on disk.
TEST_F(PackedCache, MissesPagesThatAreLost) {
  write();
  std::fstream stream(path_, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(4096 + 65536);
  stream << std::string(65536, '\0');
  stream.close();
  EXPECT_FALSE(serves());
  EXPECT_THAT(notes_, testing::ElementsAre(testing::HasSubstr("damaged")));
}

}  // namespace
}  // namespace mica
