// Transpose: the last two axes change places, or a permutation is given.
#include <algorithm>
#include <numeric>

#include "runtime/base/error.h"
#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

// "0213": axis 0, then 2, 1 and 3.
std::vector<int64_t> permutation(const KernelRequest& request) {
  std::vector<int64_t> axes(request.dims.rank());
  std::iota(axes.begin(), axes.end(), 0);
  const auto given = request.words.find("perm");
  if (given == request.words.end()) {
    std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
    return axes;
  }
  std::vector<int64_t> wanted;
  for (const char digit : given->second) wanted.push_back(digit - '0');
  if (!std::ranges::is_permutation(wanted, axes)) {
    throw Error(ErrorCode::InvalidArgument, "\"" + request.text + "\": perm wants each axis once, as perm0213");
  }
  return wanted;
}

KernelProblem make(const KernelRequest& request) {
  const std::vector<int64_t> axes = permutation(request);
  const Shape& dims = request.dims;
  const Tensor x = kernel_operand(request.dtype, dims, "x");
  const auto element = [x = doubles(x), axes, dims](int64_t i) {
    int64_t from = 0;
    for (size_t k = axes.size(); k-- > 0;) {
      const auto axis = static_cast<size_t>(axes[k]);
      from += i % dims[axis] * dims.elements(axis + 1, dims.rank());
      i /= dims[axis];
    }
    return (*x)[static_cast<size_t>(from)];
  };
  return {.op_type = "Transpose",
          .opset = 13,
          .attributes = {{"perm", axes}},
          .inputs = {x},
          .expected = element,
          .terms = 8,
          .tolerance = 0};
}

}  // namespace

KernelFamily kernel_family_transpose() {
  return {.name = "transpose",
          .form = "AxBx...[,permIJ...]",
          .about = "a permutation of axes, of the last two unless given",
          .least_rank = 2,
          .most_rank = 8,
          .words = {"perm"},
          .shapes = {"1024x1024", "1x128x12x64,perm0213", "1x12x128x64,perm0213", "12x128x64"},
          .types = {DType::F32, DType::F16, DType::I8},
          .make = make};
}

}  // namespace mica::tools
