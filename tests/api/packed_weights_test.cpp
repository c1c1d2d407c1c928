// Weights are packed once, and may be kept in a file for the next time.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "graph/onnx/export.h"
#include "graph/text_format.h"
#include "kernels/op.h"
#include "kernels/simd/isa.h"
#include "runtime/base/mapped_part.h"
#include "runtime/base/unaligned.h"
#include "runtime/mica.h"
#include "runtime/plan.h"

namespace mica {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PackedWeightsTest : public testing::Test {
 protected:
  PackedWeightsTest() {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~PackedWeightsTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string cache() const { return path("cache"); }

  // A model with weights of 80 KB and a table of 96 KB, whose elements begin at any address: the longer the name of the
  // weights, the later.
  std::string model(const std::string& file, uint32_t seed, size_t name_length = 1) const {
    const std::string w(name_length, 'w');
    GraphModel model = parse_text("graph g(ids: int64[n]) -> (y) opset 20 {\n  " + w +
                                      ": float[128,160] = 0\n  table: float[192,128] = 0\n"
                                      "  x = Gather(table, ids)\n  m = MatMul(x, " +
                                      w + ")\n  y = Relu(m)\n}",
                                  operators());
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> value(-1, 1);
    for (const std::string& name : {w, std::string("table")}) {
      Tensor& constant = model.graph->value(*model.graph->find_value(name)).constant;
      constant = Tensor(DType::F32, constant.shape());
      std::generate_n(constant.mutable_data<float>(), constant.elements(), [&] { return value(random); });
    }
    onnx::save_model(model, path(file));
    return path(file);
  }

  std::vector<fs::path> files() const {
    if (!fs::exists(cache())) return {};
    return {fs::directory_iterator(cache()), fs::directory_iterator()};
  }
  fs::path only_file() const {
    EXPECT_EQ(files().size(), 1u);
    return files().at(0);
  }

  static std::string read(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void write(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

  static std::vector<float> run(Session& session) {
    const std::vector<int64_t> ids = {3, 191, 0};
    const auto y = session.run({{"ids", Tensor::view<int64_t>({3}, ids)}})[0].as<float>();
    return {y.begin(), y.end()};
  }
  static std::vector<float> result(const std::string& model, const CompileOptions& options = {}) {
    Session session = Model::load(model).compile(options);
    EXPECT_THAT(session.notes(), IsEmpty());
    return run(session);
  }
  CompileOptions cached() const { return {.packed_cache = cache()}; }

  const fs::path folder_ =
      fs::path(testing::TempDir()) /
      (std::string("mica_packed_") + testing::UnitTest::GetInstance()->current_test_info()->name());
};

// What float64 gives, whatever the alignment of the elements in the file.
TEST_F(PackedWeightsTest, AreReadWhereverTheyLie) {
  size_t unaligned = 0;
  LoadOptions as_it_is;
  as_it_is.optimize = false;
  for (const size_t length : {1, 2, 3, 4}) {
    const Model loaded = Model::load(model("m.onnx", 1, length), as_it_is);
    const Graph& graph = *loaded.graph().graph;
    const Tensor& w = graph.value(*graph.find_value(std::string(length, 'w'))).constant;
    const Tensor& table = graph.value(*graph.find_value("table")).constant;
    EXPECT_NE(MappedPart::of(w), nullptr) << "not a copy";
    unaligned += is_aligned(w) ? 0 : 1;
    Session session = loaded.compile();
    const std::vector<float> y = run(session);
    const std::vector<int64_t> ids = {3, 191, 0};
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 160; ++j) {
        double sum = 0;
        for (int64_t p = 0; p < 128; ++p) {
          const int64_t at = ids[static_cast<size_t>(i)] * 128 + p;
          sum += static_cast<double>(element_at<float>(table, at)) * element_at<float>(w, p * 160 + j);
        }
        ASSERT_NEAR(y[static_cast<size_t>(i * 160 + j)], std::max(sum, 0.0), 1e-4) << length;
      }
    }
    EXPECT_EQ(result(path("m.onnx")), y);
  }
  EXPECT_GE(unaligned, 2u);
}

TEST_F(PackedWeightsTest, AreSharedBySessions) {
  const Model loaded = Model::load(model("m.onnx", 1));
  Session first = loaded.compile({.threads = 1});
  Session second = loaded.compile({.threads = 2}), other = loaded.compile({.precision = Precision::Int8Dynamic});
  EXPECT_EQ(&first.plan(), &second.plan());
  EXPECT_NE(&first.plan(), &other.plan());
  EXPECT_EQ(run(first), run(second));
}

// One operand of two that are the same is not packed.
TEST_F(PackedWeightsTest, AreReadWhereTheyAreTheOtherOperandToo) {
  const std::string bytes = onnx::export_model(parse_text(
      "graph g(x: float[2,2]) -> (y) opset 20 {\n  w: float[2,2] = [1,2,3,4]\n  p = MatMul(w, w)\n  y = Add(x, p)\n}",
      operators()));
  LoadOptions as_it_is;
  as_it_is.optimize = false;
  Session session = Model::from_bytes(std::as_bytes(std::span(bytes)), as_it_is).compile();
  const std::vector<float> x(4, 0.0f);
  EXPECT_THAT(session.run({{"x", Tensor::view<float>({2, 2}, x)}})[0].as<float>(), ElementsAre(7, 10, 15, 22));
}

TEST_F(PackedWeightsTest, AreKeptInAFile) {
  const std::string file = model("m.onnx", 1);
  const std::vector<float> y = result(file);
  EXPECT_EQ(result(file, cached()), y);
  const fs::path kept = only_file();
  EXPECT_THAT(kept.filename().string(), testing::StartsWith("m-"));
  const std::string bytes = read(kept);
  EXPECT_GT(bytes.size(), 128u * 160 * 4);

  const auto written = fs::last_write_time(kept);
  EXPECT_EQ(result(file, cached()), y);
  EXPECT_EQ(result(file, {.threads = 1, .packed_cache = cache()}), y);
  EXPECT_EQ(fs::last_write_time(only_file()), written) << "it was used as it is";

  fs::remove(kept);
  EXPECT_EQ(result(file, {.threads = 1, .packed_cache = cache()}), y);
  EXPECT_EQ(read(only_file()), bytes);
}

TEST_F(PackedWeightsTest, OfOtherKernelsAreOtherFiles) {
  const std::string file = model("m.onnx", 1);
  size_t count = 0;
  for (size_t i = 0; i < isas().size(); ++i) {
    if (!lacking(isas()[i]).empty()) continue;
    const UseIsa use(i);
    for (const Precision precision : {Precision::Float32, Precision::Int8Dynamic}) {
      const std::vector<float> y = result(file, {.precision = precision});
      EXPECT_EQ(result(file, {.precision = precision, .packed_cache = cache()}), y);
      EXPECT_EQ(files().size(), ++count);
      EXPECT_EQ(result(file, {.precision = precision, .packed_cache = cache()}), y);
    }
  }
}

TEST_F(PackedWeightsTest, AreNotThoseOfOtherContents) {
  const std::string file = model("m.onnx", 1);
  result(file, cached());
  const std::string first = read(only_file());
  const std::vector<float> y = result(model("other.onnx", 2));
  fs::rename(path("other.onnx"), file);
  Session session = Model::load(file).compile(cached());
  EXPECT_THAT(session.notes(), ElementsAre(HasSubstr("weights are others now")));
  EXPECT_EQ(run(session), y);
  EXPECT_NE(read(only_file()), first);
  EXPECT_EQ(result(file, cached()), y);
}

// A copy of the model has another identity, and the same weights.
TEST_F(PackedWeightsTest, ServeACopyOfTheModel) {
  const std::string file = model("m.onnx", 1);
  const std::vector<float> y = result(file, cached());
  const std::string first = read(only_file());
  fs::copy_file(file, path("copy"));
  fs::rename(path("copy"), file);
  EXPECT_EQ(result(file, cached()), y);
  EXPECT_EQ(read(only_file()), first);
}

TEST_F(PackedWeightsTest, OfAModelInMemory) {
  const std::string bytes = read(model("m.onnx", 1));
  const Model loaded = Model::from_bytes(std::as_bytes(std::span(bytes)));
  Session session = loaded.compile(cached());
  EXPECT_EQ(run(session), result(path("m.onnx")));
  EXPECT_THAT(only_file().filename().string(), testing::StartsWith("model-"));
}

TEST_F(PackedWeightsTest, AFileThatIsDamagedIsReplaced) {
  const std::string file = model("m.onnx", 1);
  const std::vector<float> y = result(file, cached());
  const fs::path kept = only_file();
  const std::string good = read(kept);
  const auto with = [&](size_t at, char byte) {
    std::string bytes = good;
    bytes[at] = byte;
    return bytes;
  };
  const std::vector<std::string> damaged = {
      "",
      "not a file of weights",
      good.substr(0, 4096),
      good.substr(0, good.size() - 1),
      good + "x",
      std::string(good.size(), '\0'),
      with(0, 'M'),
      with(20, static_cast<char>(good[20] ^ 1)),
      good.substr(0, 4096) + std::string(good.size() - 4096, '\0'),
  };
  for (size_t i = 0; i < damaged.size(); ++i) {
    write(kept, damaged[i]);
    Session session = Model::load(file).compile(cached());
    EXPECT_EQ(session.notes().size(), 1u) << i;
    EXPECT_EQ(run(session), y) << i;
    EXPECT_EQ(read(only_file()), good) << i;
  }
}

TEST_F(PackedWeightsTest, WhereNothingCanBeWritten) {
  const std::string file = model("m.onnx", 1);
  write(cache(), "a file where the folder should be");
  Session session = Model::load(file).compile(cached());
  EXPECT_THAT(session.notes(), ElementsAre(HasSubstr("packed weights are not kept")));
  EXPECT_EQ(run(session), result(file));
}

TEST_F(PackedWeightsTest, MayBeDeletedWhileInUse) {
  const std::string file = model("m.onnx", 1);
  const std::vector<float> y = result(file, cached());
  Session session = Model::load(file).compile(cached());
  fs::remove_all(cache());
  EXPECT_EQ(run(session), y);
}

TEST_F(PackedWeightsTest, AreWrittenBySeveralAtOnce) {
  const std::string file = model("m.onnx", 1);
  const std::vector<float> y = result(file);
  std::vector<std::thread> threads;
  std::vector<std::vector<float>> results(4);
  for (auto& own : results) threads.emplace_back([&] { own = result(file, cached()); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& own : results) EXPECT_EQ(own, y);
  EXPECT_EQ(result(file, cached()), y);
  only_file();
}

}  // namespace
}  // namespace mica
