// StringConcat, ai.onnx 20: joins strings element by element, with broadcasting.
#include "kernels/op.h"
#include "kernels/shape/strided_copy.h"

namespace mica {
namespace {

// Copies a string tensor, broadcast, to an array of the shape `to`.
void broadcast_strings(ThreadPool& threads, const Tensor& from, const Shape& to, std::string* target) {
  const Shape& shape = from.shape();
  const auto strides = shape.strides();
  const auto targets = to.strides();
  StridedCopy copy;
  for (size_t i = 0; i < to.rank(); ++i) {
    const size_t missing = to.rank() - shape.rank();
    const bool repeated = i < missing || shape[i - missing] == 1;
    if (!repeated && shape[i - missing] != to[i]) bad_input("cannot broadcast " + from.str() + " to " + to.str());
    copy.add(to[i], repeated ? 0 : strides[i - missing], targets[i]);
  }
  copy.run(threads, DType::String, from.raw(), target);
}

void run_cpu(const NoParams&, const Operands& io) {
  Tensor& z = io.out(0);
  const Shape& shape = z.shape();
  if (io.in(0).shape().rank() > shape.rank() || io.in(1).shape().rank() > shape.rank()) bad_input("ranks do not fit");
  std::vector<std::string> tails(static_cast<size_t>(z.elements()));
  broadcast_strings(io.threads(), io.in(1), shape, tails.data());
  broadcast_strings(io.threads(), io.in(0), shape, z.mutable_data<std::string>());
  for (size_t i = 0; i < tails.size(); ++i) z.mutable_data<std::string>()[i] += tails[i];
}

}  // namespace

MICA_OP(StringConcat, 20) {
  return op().input("X", types::string).input("Y", types::string).output("Z").infer(broadcast_all()).cpu<run_cpu>();
}

}  // namespace mica
