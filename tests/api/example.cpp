// The README's example: the toy model continues a list of numbers with the same numbers in ascending order.
#include <algorithm>
#include <cstdio>

#include "runtime/mica.h"

int main(int, char** argv) {
  auto session = mica::Model::load(argv[1]).compile();
  std::vector<int64_t> ids{41, 7, 88, 30, 99, 0, 63, 12, 100};  // 100: now sort
  while (ids.back() != 101) {                                   // 101: done
    const auto length = static_cast<int64_t>(ids.size());
    const auto& out = session.run({{"input_ids", mica::Tensor::view({1, length}, ids)}});
    const auto logits = out["logits"].as<float>().last(512);
    ids.push_back(std::ranges::max_element(logits) - logits.begin());
    std::printf("%d ", static_cast<int>(ids.back()));
  }
}
