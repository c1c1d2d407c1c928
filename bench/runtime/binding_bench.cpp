// What a run costs when its dims are those of the run before, and when they are not: the difference is the binding.
//   binding_bench [decoder.onnx [length]]     a decoder with caches among its inputs, as optimum-style exporters name
//   them
// Without a model: the toy, whose sequence alternates between 16 and 15.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "runtime/mica.h"

namespace mica {
namespace {

using Clock = std::chrono::steady_clock;

// Zeros for every input: dims that are symbols are `length` where the name speaks of the past or the whole, else 1.
std::vector<Datum> decoder_inputs(const Model& model, int64_t length) {
  std::vector<Datum> values;
  for (const ValueInfo& info : model.inputs()) {
    Shape shape;
    for (const std::string& dim : info.dims) {
      if (dim.find_first_not_of("0123456789") == std::string::npos) {
        shape.push_back(std::stoll(dim));
      } else if (dim.find("past") != std::string::npos) {
        shape.push_back(length);
      } else if (dim.find("total") != std::string::npos) {
        shape.push_back(length + 1);
      } else {
        shape.push_back(1);
      }
    }
    Tensor tensor(info.dtype, shape);
    std::fill_n(static_cast<char*>(tensor.mutable_raw()), tensor.bytes(), 0);
    values.emplace_back(std::move(tensor));
  }
  return values;
}

std::vector<Datum> toy_inputs(int64_t length) {
  Tensor ids(DType::I64, {1, length});
  std::fill_n(ids.mutable_data<int64_t>(), length, 1);
  return {Datum(std::move(ids))};
}

// Medians of microseconds a run: always `a`; `a` and `b` in turn.
std::pair<double, double> measure(Session& session, const std::vector<NamedInput>& a,
                                  const std::vector<NamedInput>& b) {
  constexpr int kRuns = 4000;
  std::vector<double> same, changing;
  const auto timed = [&](const std::vector<NamedInput>& inputs) {
    const auto start = Clock::now();
    session.run(inputs);
    return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
  };
  for (int i = 0; i < 100; ++i) timed(i % 2 == 0 ? a : b);
  for (int i = 0; i < kRuns; ++i) {
    timed(a);  // the same cost before both
    same.push_back(timed(a));
    timed(b);
    changing.push_back(timed(a));
  }
  std::ranges::nth_element(same, same.begin() + kRuns / 2);
  std::ranges::nth_element(changing, changing.begin() + kRuns / 2);
  return {same[kRuns / 2], changing[kRuns / 2]};
}

int run(int argc, char** argv) {
  const bool toy = argc < 2;
  const int64_t length = argc > 2 ? std::stoll(argv[2]) : 64;
  const Model model = Model::load(toy ? MICA_TOY_MODEL : argv[1]);
  Session session = model.compile({.threads = 1});
  const std::vector<Datum> a = toy ? toy_inputs(16) : decoder_inputs(model, length);
  const std::vector<Datum> b = toy ? toy_inputs(15) : decoder_inputs(model, length - 1);
  std::vector<NamedInput> named_a, named_b;
  const auto infos = model.inputs();
  for (size_t i = 0; i < infos.size(); ++i) {
    named_a.push_back({infos[i].name, a[i]});
    named_b.push_back({infos[i].name, b[i]});
  }
  const auto [same, changing] = measure(session, named_a, named_b);
  std::printf("same dims %.2f us, other dims %.2f us a run: binding %.2f us, %.1f %%\n", same, changing,
              changing - same, 100 * (changing - same) / same);
  return 0;
}

}  // namespace
}  // namespace mica

int main(int argc, char** argv) {
  return mica::run(argc, argv);
}
