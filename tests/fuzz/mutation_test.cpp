// Damaged models and senseless inputs: whatever comes, Mica answers or throws mica::Error.
//
// Usage: mica_mutation_test <seconds> <seed> <folder>...   The folders are searched for model.onnx files. Each is
// damaged in many ways and loaded and planned; the undamaged one is run on integers that are mostly out of range. Equal
// arguments try equal things in equal order, as far as the time goes. Prints what it did; a crash or a hang ends the
// program.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "runtime/mica.h"

namespace mica {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Random = std::mt19937_64;

struct Counts {
  size_t damaged = 0, refused = 0, planned = 0, runs = 0, run_errors = 0;
};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

size_t below(Random& random, size_t bound) {
  return bound == 0 ? 0 : random() % bound;
}

// One of: a flipped bit, a byte of a notable value, a run of bytes gone, doubled, or taken from elsewhere.
void damage(std::string& bytes, Random& random) {
  static constexpr unsigned char kNotable[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x08, 0x0a, 0x12};
  if (bytes.empty()) return;
  const size_t at = below(random, bytes.size());
  const size_t length = std::min(bytes.size() - at, 1 + below(random, 16));
  switch (below(random, 6)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
      break;
    case 1:
      bytes[at] = static_cast<char>(kNotable[below(random, std::size(kNotable))]);
      break;
    case 2:
      bytes.erase(at, length);
      break;
    case 3:
      bytes.insert(at, bytes.substr(at, length));
      break;
    case 4:
      bytes.replace(at, length, bytes, below(random, bytes.size()), length);
      break;
    default:
      bytes.replace(at, std::min<size_t>(length, 9), std::string(9, '\xff'));
  }
}

void load_and_plan(const std::string& bytes, Counts& counts) {
  try {
    Model::from_bytes(std::as_bytes(std::span(bytes))).compile({.threads = 1});
    ++counts.planned;
  } catch (const Error&) {
    ++counts.refused;
  }
}

// Loops run as often as their inputs say, which may be for ever; trees of strings and the like take what they are
// given.
bool may_run_for_ever(const Graph& graph) {
  for (const NodeId id : graph.order()) {
    if (graph.node(id).op_type == "Loop" || graph.node(id).op_type == "Scan") return true;
  }
  return false;
}

int64_t wild(Random& random) {
  static constexpr int64_t kWild[] = {0,
                                      1,
                                      -1,
                                      2,
                                      3,
                                      -5,
                                      127,
                                      -129,
                                      1 << 16,
                                      INT32_MAX,
                                      INT32_MIN,
                                      INT64_MAX,
                                      INT64_MIN,
                                      INT64_MAX / 2,
                                      int64_t{1} << 33};
  return kWild[below(random, std::size(kWild))];
}

Tensor wild_tensor(const ValueInfo& info, Random& random) {
  Shape shape;
  for (const std::string& dim : info.dims) {
    const bool number = !dim.empty() && std::ranges::all_of(dim, [](unsigned char c) { return std::isdigit(c) != 0; });
    shape.push_back(number ? std::stoll(dim) : 2);
  }
  Tensor tensor(info.dtype, shape);
  if (info.dtype == DType::String) return tensor;
  const size_t bytes = tensor.bytes();
  if (info.dtype == DType::I64 || info.dtype == DType::I32) {
    for (int64_t i = 0; i < tensor.elements(); ++i) {
      const int64_t value = wild(random);
      if (info.dtype == DType::I64) tensor.mutable_data<int64_t>()[i] = value;
      if (info.dtype == DType::I32) tensor.mutable_data<int32_t>()[i] = static_cast<int32_t>(value);
    }
  } else if (info.dtype == DType::Bool) {
    for (size_t i = 0; i < bytes; ++i) tensor.mutable_data<bool>()[i] = below(random, 2) == 1;
  } else {
    for (size_t i = 0; i < bytes; ++i) tensor.mutable_data<uint8_t>()[i] = static_cast<uint8_t>(random());
  }
  return tensor;
}

void run_wildly(const fs::path& path, Random& random, Counts& counts) {
  try {
    const Model model = Model::load(path.string());
    if (may_run_for_ever(*model.graph().graph)) return;
    Session session = model.compile({.threads = 1});
    std::vector<Datum> values;
    const auto infos = model.inputs();
    for (const ValueInfo& info : infos) {
      if (!info.has_rank || info.dtype == DType::Undefined) return;
      values.push_back(Datum(wild_tensor(info, random)));
    }
    std::vector<NamedInput> inputs;
    for (size_t i = 0; i < infos.size(); ++i) inputs.push_back({infos[i].name, values[i]});
    ++counts.runs;
    session.run(inputs);
  } catch (const Error&) {
    ++counts.run_errors;
  }
}

int run(double seconds, uint64_t seed, std::vector<fs::path> folders) {
  std::vector<fs::path> models;
  for (const fs::path& folder : folders) {
    if (!fs::exists(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().filename() == "model.onnx" && fs::file_size(entry.path()) < (1 << 17))
        models.push_back(entry.path());
    }
  }
  std::ranges::sort(models);
  if (models.empty()) return 1;
  Random random(seed);
  std::ranges::shuffle(models, random);
  Counts counts;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (size_t i = 0; Clock::now() < end; ++i) {
    const fs::path& path = models[i % models.size()];
    std::fprintf(stderr, "%s\n", path.c_str());  // the last line tells which one ended the program
    for (int repeat = 0; repeat < 4; ++repeat) run_wildly(path, random, counts);
    const std::string whole = read(path);
    for (int variant = 0; variant < 16; ++variant) {
      std::string bytes = whole;
      for (size_t n = 1 + below(random, 4); n > 0; --n) damage(bytes, random);
      if (below(random, 8) == 0) bytes.resize(below(random, bytes.size()));
      ++counts.damaged;
      load_and_plan(bytes, counts);
    }
  }
  std::printf("%zu damaged models: %zu refused, %zu planned; %zu runs on wild inputs: %zu refused\n", counts.damaged,
              counts.refused, counts.planned, counts.runs, counts.run_errors);
  return counts.refused > 0 && counts.planned > 0 && counts.run_errors > 0 ? 0 : 1;
}

}  // namespace
}  // namespace mica

int main(int argc, char** argv) {
  if (argc < 4) return 2;
#ifndef __SANITIZE_ADDRESS__
  const rlimit limit{rlim_t{3} << 30, rlim_t{3} << 30};  // what asks for more is told so, and the machine stays usable
  setrlimit(RLIMIT_AS, &limit);
#endif
  return mica::run(std::stod(argv[1]), std::stoull(argv[2]), {argv + 3, argv + argc});
}
