#include "runtime/base/os.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <tuple>
#include <utility>

#include "backends/cpu/features.h"
#include "runtime/base/cgroup.h"
#include "runtime/base/error.h"

namespace mica {
namespace {

namespace fs = std::filesystem;

class Os : public testing::Test {
 protected:
  Os() { fs::create_directories(folder_); }
  ~Os() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }

  const fs::path folder_ = fs::path(testing::TempDir()) /
                           (std::string("mica_os_") + testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(Os, MapsAFile) {
  const std::string text(10000, 'm');
  MappedFile file = MappedFile::open(write("a", text));
  ASSERT_EQ(file.bytes().size(), text.size());
  EXPECT_EQ(std::memcmp(file.bytes().data(), text.data(), text.size()), 0);

  const std::byte* data = file.bytes().data();
  const MappedFile moved = std::move(file);
  EXPECT_EQ(moved.bytes().data(), data);
  moved.release(moved.bytes().subspan(1));
  EXPECT_EQ(std::memcmp(moved.bytes().data(), text.data(), text.size()), 0);
}

TEST_F(Os, AFileIsAnotherWhenItWasWrittenTo) {
  const auto identity = [](const FileIdentity& of) {
    return std::tuple(of.device, of.file, of.bytes, of.modified, of.changed);
  };
  const std::string a = write("a", "1"), b = write("b", "1");
  const auto first = identity(MappedFile::open(a).identity());
  EXPECT_EQ(identity(MappedFile::open(a).identity()), first);
  EXPECT_NE(identity(MappedFile::open(b).identity()), first);
  fs::last_write_time(a, fs::last_write_time(a) - std::chrono::seconds(1));
  EXPECT_NE(identity(MappedFile::open(a).identity()), first);
}

TEST_F(Os, PagesAreZeros) {
  for (const size_t bytes : {size_t{1}, size_t{5} << 20}) {
    const auto pages = allocate_pages(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(pages.get()) % 4096, 0u);
    EXPECT_TRUE(std::all_of(pages.get(), pages.get() + bytes, [](std::byte b) { return b == std::byte{0}; }));
    pages.get()[bytes - 1] = std::byte{1};
  }
  EXPECT_THROW(allocate_pages(SIZE_MAX / 2), Error);
}

// What the system is asked for the mapping that holds this byte: letters as in /proc/self/smaps.
std::string mapping_flags(const std::byte* at) {
  const auto address = reinterpret_cast<uintptr_t>(at);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    uintptr_t begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx ", &begin, &end) == 2) inside = begin <= address && address < end;
    if (inside && line.starts_with("VmFlags:")) return line;
  }
  return "";
}

TEST_F(Os, PagesAreHugeWhereTheyFit) {
  if (!fs::exists("/sys/kernel/mm/transparent_hugepage")) GTEST_SKIP() << "this kernel has no huge pages to ask for";
  const auto pages = allocate_pages(3 * kHugePage + 1);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(pages.get()) % kHugePage, 0u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NE(mapping_flags(pages.get() + i * kHugePage).find(" hg"), std::string::npos) << i;
  }
}

TEST_F(Os, TheBuildHasAnIdentity) {
  EXPECT_GE(build_identity().size(), 8u);
  EXPECT_EQ(build_identity(), build_identity());
}

TEST_F(Os, AnEmptyFileHasNoBytes) {
  EXPECT_TRUE(MappedFile::open(write("empty", "")).bytes().empty());
}

TEST_F(Os, SaysWhyAFileCannotBeRead) {
  const auto message = [](const std::string& path) -> std::string {
    try {
      MappedFile::open(path);
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::Io);
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(message("/no/such"), "cannot read \"/no/such\": No such file or directory");
  EXPECT_EQ(message(folder_.string()), "cannot read \"" + folder_.string() + "\": not a regular file");
}

TEST_F(Os, UsableCores) {
  EXPECT_GE(usable_cores(), 1);
}

TEST_F(Os, QuotaOfControlGroups) {
  const std::string root = folder_.string();
  EXPECT_EQ(cgroup_cpu_quota("0::/a/b\n", root), std::nullopt);
  write("a/cpu.max", "max 100000\n");
  EXPECT_EQ(cgroup_cpu_quota("0::/a/b\n", root), std::nullopt);
  write("a/b/cpu.max", "350000 100000\n");
  EXPECT_EQ(cgroup_cpu_quota("0::/a/b\n", root), 3.5);
  write("a/cpu.max", "200000 100000\n");
  EXPECT_EQ(cgroup_cpu_quota("0::/a/b\n", root), 2.0) << "an ancestor's is tighter";
  EXPECT_EQ(cgroup_cpu_quota("0::/not/here\n", root), std::nullopt);
  write("cpu.max", "50000 100000\n");
  EXPECT_EQ(cgroup_cpu_quota("0::/not/here\n", root), 0.5) << "a container sees its own group at the root";

  write("cpu,cpuacct/x/cpu.cfs_quota_us", "-1");
  write("cpu,cpuacct/x/cpu.cfs_period_us", "100000");
  const std::string v1 = "7:cpuset:/x\n4:cpu,cpuacct:/x\n";
  EXPECT_EQ(cgroup_cpu_quota(v1, root), std::nullopt);
  write("cpu,cpuacct/x/cpu.cfs_quota_us", "400000");
  EXPECT_EQ(cgroup_cpu_quota(v1, root), 4.0);
  EXPECT_EQ(cgroup_cpu_quota("garbage", root), std::nullopt);
}

TEST(Features, AreNamedAndAskedOnce) {
  EXPECT_EQ(cpu_features().data(), cpu_features().data());
  for (const std::string_view feature : cpu_features()) EXPECT_TRUE(cpu_has(feature));
  EXPECT_FALSE(cpu_has("no such feature"));
}

}  // namespace
}  // namespace mica
