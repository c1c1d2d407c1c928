#include "kernels/attention/head_operand.h"

#include "runtime/base/concat.h"

namespace mica {

HeadOperand whole_heads(const Tensor& tensor, int64_t heads) {
  const Shape& shape = tensor.shape();
  if (shape.rank() == 4) {
    const HeadDims dims{shape[0], shape[1], shape[2], shape[3]};
    return {&tensor, dims, dims.bnsh(tensor.pitch())};
  }
  if (shape.rank() != 3 || heads < 1 || shape[2] % heads != 0) {
    throw_error(ErrorCode::InvalidArgument, {tensor, " does not divide into ", heads, " heads"});
  }
  return heads_of_row(tensor, 0, heads, shape[2] / heads);
}

HeadOperand heads_of_row(const Tensor& tensor, int64_t first, int64_t heads, int64_t width) {
  const Shape& shape = tensor.shape();
  if (shape.rank() != 3 || first < 0 || first + heads * width > shape[2]) {
    throw_error(ErrorCode::InvalidArgument, {tensor, " does not hold ", heads, " heads of width ", width,
                                             " from element ", first, " of each row on"});
  }
  const HeadDims dims{shape[0], heads, shape[1], width};
  HeadLayout layout = dims.packed_bsnh(first, shape[2]);
  if (tensor.pitch() != 0) layout.batch = tensor.pitch();
  return {&tensor, dims, layout};
}

HeadOperand part_of_heads(const Tensor& tensor, int64_t part, int64_t parts, int64_t heads) {
  const Shape& shape = tensor.shape();
  if (shape.rank() != 5 || shape[2] != heads || shape[3] != parts) {
    throw_error(ErrorCode::InvalidArgument,
                {tensor, " does not pack ", parts, " parts into each of ", heads, " heads"});
  }
  const int64_t width = shape[4], row = heads * parts * width;
  return {&tensor, {shape[0], heads, shape[1], width}, {part * width, shape[1] * row, parts * width, row}};
}

void check_heads(int64_t heads) {
  if (heads >= 1 && heads <= int64_t{1} << 20) return;
  throw_error(ErrorCode::InvalidModel, {heads, " is no sensible number of heads"});
}

void check_attention(const HeadOperand& query, const HeadOperand& key, const HeadOperand& value) {
  const HeadDims &q = query.dims, &k = key.dims, &v = value.dims;
  if (q.batch == k.batch && k.batch == v.batch && k.heads == v.heads && k.heads > 0 && q.heads % k.heads == 0 &&
      k.rows == v.rows && q.width == k.width) {
    return;
  }
  bad_input(concat(
      {"query ", query.tensor->str(), ", key ", key.tensor->str(), " and value ", value.tensor->str(), " do not fit"}));
}

}  // namespace mica
