// Attention over more keys than are weighed at a time: parts of keys with a running softmax, and pieces of keys that
// threads take on their own. Expected values are of the formula in double, computed here.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include "kernels/simd/isa.h"
#include "tests/unit/infer_op.h"
#include "tests/unit/tolerance.h"

namespace mica {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();

Tensor normal(const Shape& shape, unsigned seed, float deviation = 1) {
  Tensor tensor(DType::F32, shape);
  std::mt19937 random(seed);
  std::normal_distribution<float> value(0, deviation);
  for (int64_t i = 0; i < tensor.elements(); ++i) tensor.mutable_data<float>()[i] = value(random);
  return tensor;
}

double number(const Tensor& tensor, int64_t i) {
  return static_cast<double>(tensor.data<float>()[i]);
}

std::vector<Datum> run_on(int thread_count, const OpCall& call, const std::vector<Tensor>& inputs) {
  const std::vector<Datum> data(inputs.begin(), inputs.end());
  std::vector<const Datum*> given;
  for (const Datum& datum : data) given.push_back(datum.tensor.defined() ? &datum : nullptr);
  Workspace workspace;
  ThreadPool threads(thread_count);
  return evaluate(node_of(call, inputs), given, {&workspace, &threads, nullptr});
}

struct Dims4 {
  int64_t batch = 1, heads = 2, kv_heads = 1, rows = 1, keys = 1, width = 16, v_width = 24;
};

struct Options {
  bool causal = false;
  int64_t window = 0;
  double softcap = 0;
  std::vector<int64_t> lengths = {};  ///< keys of each sequence; empty: all
  Tensor mask = {};                   ///< numbers or booleans that broadcast to the scores, of rank 4
  std::vector<double> sinks = {};
};

// A problem whose queries stand at the end of the keys, and what is expected of it.
struct Problem {
  Dims4 n;
  Options options;
  Tensor q = normal({n.batch, n.heads, n.rows, n.width}, 1, 2);
  Tensor k = normal({n.batch, n.kv_heads, n.keys, n.width}, 2);
  Tensor v = normal({n.batch, n.kv_heads, n.keys, n.v_width}, 3);

  double masked(double score, int64_t b, int64_t h, int64_t i, int64_t j) const {
    if (!options.mask.defined()) return score;
    const int64_t index[] = {b, h, i, j};
    int64_t at = 0;
    for (size_t axis = 0; axis < 4; ++axis) {
      const int64_t size = options.mask.shape()[axis];
      at = at * size + (size == 1 ? 0 : index[axis]);
    }
    if (options.mask.dtype() == DType::Bool) return options.mask.data<bool>()[at] ? score : kNothing;
    return score + number(options.mask, at);
  }

  double score(int64_t b, int64_t h, int64_t i, int64_t j) const {
    const int64_t query = ((b * n.heads + h) * n.rows + i) * n.width;
    const int64_t key = ((b * n.kv_heads + h / (n.heads / n.kv_heads)) * n.keys + j) * n.width;
    double sum = 0;
    for (int64_t d = 0; d < n.width; ++d) sum += number(q, query + d) * number(k, key + d);
    sum /= std::sqrt(static_cast<double>(n.width));
    if (options.softcap != 0) sum = options.softcap * std::tanh(sum / options.softcap);
    return masked(sum, b, h, i, j);
  }

  void expect_row(const Tensor& y, int64_t b, int64_t h, int64_t i) const {
    const int64_t length = options.lengths.empty() ? n.keys : options.lengths[static_cast<size_t>(b)];
    const int64_t position = length - n.rows + i;
    const int64_t last = options.causal ? std::min(length, position + 1) : length;
    const int64_t first = options.window > 0 ? std::max<int64_t>(0, position - options.window + 1) : 0;
    const double sink = options.sinks.empty() ? kNothing : options.sinks[static_cast<size_t>(h)];
    std::vector<double> scores;
    double highest = sink;
    for (int64_t j = first; j < last; ++j) scores.push_back(score(b, h, i, j));
    for (const double x : scores) highest = std::max(highest, x);
    const auto weight = [&](double x) { return highest == kNothing ? 0 : std::exp(x - highest); };
    double total = weight(sink);
    for (const double x : scores) total += weight(x);
    const int64_t head = b * n.kv_heads + h / (n.heads / n.kv_heads);
    const float* actual = y.data<float>() + ((b * n.heads + h) * n.rows + i) * n.v_width;
    for (int64_t d = 0; d < n.v_width; ++d) {
      double sum = 0, size = 0;
      for (int64_t j = first; j < last; ++j) {
        const double term =
            weight(scores[static_cast<size_t>(j - first)]) * number(v, (head * n.keys + j) * n.v_width + d);
        sum += term;
        size += std::abs(term);
      }
      const double expected = total == 0 ? 0 : sum / total;
      // Scores of a size of up to 10 are off by 2e-6, and so are their weights, relatively.
      const double off = total == 0 ? 0 : size / total * (4e-6 + tolerance::sum(std::max<int64_t>(0, last - first)));
      ASSERT_NEAR(static_cast<double>(actual[d]), expected, off) << b << ", " << h << ", " << i << ", " << d;
    }
  }

  // Looks at some rows: the last, and others that fall on both sides of the bounds of blocks.
  void expect(const Tensor& y) const {
    ASSERT_EQ(y.shape(), (Shape{n.batch, n.heads, n.rows, n.v_width}));
    for (int64_t b = 0; b < n.batch; ++b) {
      for (int64_t h = 0; h < n.heads; ++h) {
        for (int64_t i = 0; i < n.rows; i += n.rows < 9 ? 1 : 1 + (i * 7 + h) % 37)
          ASSERT_NO_FATAL_FAILURE(expect_row(y, b, h, i));
        ASSERT_NO_FATAL_FAILURE(expect_row(y, b, h, n.rows - 1));
      }
    }
  }

  // [batch, heads, rows, v_width], by Attention. Of keys and values, the last `fresh` are new; 0: there is no cache.
  Tensor attention(int threads, int64_t fresh = 0) const {
    const OpCall call{
        "Attention", 24, {{"is_causal", int64_t{options.causal}}, {"softcap", static_cast<float>(options.softcap)}}};
    std::vector<Tensor> inputs{q, rows_of(k, n.keys - fresh, n.keys), rows_of(v, n.keys - fresh, n.keys), options.mask};
    if (fresh > 0) {
      inputs.insert(inputs.end(), {rows_of(k, 0, n.keys - fresh), rows_of(v, 0, n.keys - fresh)});
    } else {
      inputs[1] = k, inputs[2] = v;
      std::vector<int64_t> lengths = options.lengths;
      if (lengths.empty()) lengths.assign(static_cast<size_t>(n.batch), n.keys);
      inputs.insert(inputs.end(), {Tensor(), Tensor(), Tensor::of<int64_t>({n.batch}, lengths)});
    }
    return run_on(threads, call, inputs)[0].tensor;
  }

  // The same by GroupQueryAttention, whose rows are [batch, rows, heads * width].
  Tensor group_query_attention(int threads) const {
    Attributes attributes{{"num_heads", n.heads},
                          {"kv_num_heads", n.kv_heads},
                          {"causal", int64_t{options.causal}},
                          {"softcap", static_cast<float>(options.softcap)},
                          {"local_window_size", options.window > 0 ? options.window : int64_t{-1}}};
    std::vector<Tensor> inputs{heads_last(q), heads_last(rows_of(k, n.keys - n.rows, n.keys)),
                               heads_last(rows_of(v, n.keys - n.rows, n.keys)), k, v};
    inputs.push_back(Tensor::of<int32_t>({1}, {static_cast<int32_t>(n.keys - 1)}));
    inputs.push_back(Tensor::of<int32_t>(Shape{}, {static_cast<int32_t>(n.keys)}));
    inputs.resize(10);
    inputs.push_back(options.mask);
    if (!options.sinks.empty()) {
      const std::vector<float> sinks(options.sinks.begin(), options.sinks.end());
      inputs.push_back(Tensor::of<float>({n.heads}, sinks));
    }
    const Tensor y = run_on(threads, {"GroupQueryAttention", 1, attributes, 3, "com.microsoft"}, inputs)[0].tensor;
    return turned(y.reshaped({n.batch, n.rows, n.heads, n.v_width}));
  }

  static Tensor turned(const Tensor& x) {
    return run_op({"Transpose", 13, {{"perm", std::vector<int64_t>{0, 2, 1, 3}}}}, {x})[0].tensor;
  }
  static Tensor heads_last(const Tensor& x) {
    return turned(x).reshaped({x.shape()[0], x.shape()[2], x.shape()[1] * x.shape()[3]});
  }
  static Tensor rows_of(const Tensor& x, int64_t first, int64_t last) {
    const Tensor axis = Tensor::of<int64_t>({1}, {2});
    return run_op({"Slice", 13}, {x, Tensor::of<int64_t>({1}, {first}), Tensor::of<int64_t>({1}, {last}), axis})[0]
        .tensor;
  }
};

// Numbers and booleans; `hidden` rows see nothing.
Tensor mask_of(DType dtype, const Shape& shape, int64_t hidden_row) {
  Tensor mask(dtype, shape);
  std::mt19937 random(5);
  for (int64_t i = 0; i < mask.elements(); ++i) {
    const bool shown = random() % 4 != 0 && i / shape[3] % shape[2] != hidden_row;
    if (dtype == DType::Bool) {
      mask.mutable_data<bool>()[i] = shown;
    } else {
      mask.mutable_data<float>()[i] =
          shown ? static_cast<float>(random() % 100) / 50 : -std::numeric_limits<float>::infinity();
    }
  }
  return mask;
}

template <class F>
void on_all_instruction_sets(F&& f) {
  for (size_t i = 0; i < isas().size(); ++i) {
    if (!lacking(isas()[i]).empty()) continue;
    SCOPED_TRACE(isas()[i].name);
    const UseIsa use(i);
    f();
  }
}

// The same to the bit with one thread and with two.
void expect_on_threads(const Problem& problem, const std::function<Tensor(int threads)>& run) {
  on_all_instruction_sets([&] {
    const Tensor y = run(1);
    ASSERT_NO_FATAL_FAILURE(problem.expect(y));
    EXPECT_EQ(std::memcmp(run(2).raw(), y.raw(), y.bytes()), 0);
  });
}

void expect_attention(const Problem& problem, int64_t fresh = 0) {
  expect_on_threads(problem, [&](int threads) { return problem.attention(threads, fresh); });
}

void expect_group_query_attention(const Problem& problem) {
  expect_on_threads(problem, [&](int threads) { return problem.group_query_attention(threads); });
}

TEST(LongAttention, OfManyQueries) {
  expect_attention({{.rows = 131, .keys = 4097}, {}});
  expect_attention({{.rows = 131, .keys = 4097}, {.causal = true}});
  expect_attention({{.batch = 2, .rows = 70, .keys = 3000}, {.causal = true, .lengths = {3000, 77}}});
  expect_attention({{.heads = 1, .rows = 300, .keys = 2500, .width = 5, .v_width = 3}, {.softcap = 3}});
  expect_attention({{.rows = 200, .keys = 4096}, {.causal = true}}, 200);
}

TEST(LongAttention, OfFewQueries) {
  for (const int64_t rows : {1, 2, 8, 20, 60}) {
    expect_attention({{.batch = 2, .heads = 6, .kv_heads = 2, .rows = rows, .keys = 4095, .width = 64, .v_width = 64},
                      {.causal = true}},
                     rows);
  }
  expect_attention({{.keys = 513, .width = 33, .v_width = 7}, {}});
  expect_attention(
      {{.batch = 3, .heads = 3, .kv_heads = 3, .rows = 2, .keys = 1040}, {.softcap = 2, .lengths = {2, 1040, 600}}});
}

TEST(LongAttention, WithMasks) {
  for (const int64_t rows : {5, 130}) {
    for (const DType dtype : {DType::F32, DType::Bool}) {
      for (const Shape& shape : {Shape{1, 1, 1, 2401}, Shape{2, 2, rows, 2401}, Shape{1, 2, rows, 1}}) {
        SCOPED_TRACE(shape.str());
        const int64_t hidden = shape[2] > 1 ? 3 : -1;  // a row that sees nothing
        const Tensor mask = mask_of(dtype, shape, hidden);
        if (shape[3] > 1) {
          expect_attention({{.batch = 2, .rows = rows, .keys = 2401}, {.causal = rows == 130, .mask = mask}});
        } else {  // which version 24 does not broadcast
          const Problem problem{{.batch = 2, .rows = rows, .keys = 2401}, {.mask = mask}};
          expect_on_threads(problem, [&](int threads) {
            return run_on(threads, {"Attention", 23}, {problem.q, problem.k, problem.v, mask})[0].tensor;
          });
        }
      }
    }
  }
}

TEST(LongAttention, WithSinksAndWindows) {
  for (const int64_t rows : {1, 7, 150}) {
    for (const int64_t window : {0, 40, 1300}) {
      const Options options{.causal = true, .window = window, .sinks = {1.5, kNothing, 30, -2}};
      expect_group_query_attention(
          {{.heads = 4, .kv_heads = 2, .rows = rows, .keys = 2600, .width = 32, .v_width = 32}, options});
    }
  }
}

TEST(LongAttention, ReadsKeysWhereTheyLie) {
  for (const int64_t rows : {1, 100}) {
    Problem problem{{.heads = 4, .kv_heads = 2, .rows = rows, .keys = 2300}, {}};
    const auto pitched = [&](Tensor& x, int64_t width) {
      const int64_t pitch = (problem.n.keys + 9) * width;
      Tensor room = normal({2, pitch}, 9, 1e9f);
      for (int64_t h = 0; h < 2; ++h)
        std::copy_n(x.data<float>() + h * problem.n.keys * width, problem.n.keys * width,
                    room.mutable_data<float>() + h * pitch);
      Tensor view = Tensor::over(DType::F32, x.shape(), room.raw(), room.owner());
      view.set_pitch(pitch);
      return view;
    };
    const Tensor k = pitched(problem.k, problem.n.width), v = pitched(problem.v, problem.n.v_width);
    on_all_instruction_sets([&] { problem.expect(run_op({"Attention", 24}, {problem.q, k, v})[0].tensor); });
  }
}

// As a sum of products is: NaN where a weight is, or a value that any key has.
TEST(LongAttention, PassesNaNOn) {
  for (const int64_t rows : {2, 100}) {
    Problem problem{{.heads = 1, .rows = rows, .keys = 2300}, {}};
    problem.q.mutable_data<float>()[problem.n.width] = std::numeric_limits<float>::quiet_NaN();
    const Tensor y = problem.attention(1);
    for (int64_t d = 0; d < problem.n.v_width; ++d) EXPECT_TRUE(std::isnan(y.data<float>()[problem.n.v_width + d]));
    problem.expect_row(y, 0, 0, 0);
  }
}

}  // namespace
}  // namespace mica
