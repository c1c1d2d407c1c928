// Triple, test.added 1: Y = 3 X. An operator that only this file makes known.
#include "kernels/op.h"

namespace mica {
namespace {

void run(const NoParams&, const Operands& io) {
  for (int64_t i = 0; i < io.in(0).elements(); ++i) io.out(0).mutable_data<float>()[i] = 3 * io.in(0).data<float>()[i];
}

}  // namespace

MICA_OP(Triple, 1, test_added) {
  return op<>().input("X", {DType::F32}).output("Y").infer(same_as(0)).may_overwrite(0, 0).cpu<run>();
}

}  // namespace mica
