#include "kernels/matmul/product_choice.h"

namespace mica::cuda {
namespace {

std::string tile_of(int64_t rows, int64_t columns) {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

std::string cut_of(const GemmCall& call, ProductWay way) {
  const int64_t batch = call.batch.elements;
  switch (way) {
    case ProductWay::Vectors:
      return "";
    case ProductWay::Warpgroups:
      return " " + tile_of(kWgmmaRows, wgmma_cut(call.m, call.n, call.k, batch).columns);
    case ProductWay::Fragments:
      return " " + str(mma_cut(call.m, call.n, call.k, batch));
    default: {
      const GemmTile tile = gemm_tile(call.number, call.m, call.n, batch);
      return " " + tile_of(tile.rows, tile.columns);
    }
  }
}

}  // namespace

std::string str(const MmaCut& cut) {
  const std::string parts = cut.splits > 1 ? ", k in " + std::to_string(cut.splits) + " parts" : "";
  return tile_of(cut.rows, cut.columns) + parts;
}

std::string explain_product(const GemmCall& call, ProductOperands operands, int capability, ProductWay first) {
  const ProductRow chosen = choose_product(call, operands, capability, first);
  std::string text = chosen.name + cut_of(call, chosen.way);
  for (const ProductRow& row : kProductWays) {
    if (row.way < first || row.way >= chosen.way) continue;
    text += "; not " + std::string(row.name) + ": " + row.refuse(call, operands, capability);
  }
  return text;
}

}  // namespace mica::cuda
