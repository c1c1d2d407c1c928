// Functions of one element.
#include <cmath>
#include <numbers>

#include "tools/kernels/operands.h"

namespace mica::tools {
namespace {

KernelFamily elementwise(std::string_view name, std::string_view about, KernelProblem (*make)(const KernelRequest&)) {
  return {.name = name,
          .form = "AxBx...",
          .about = about,
          .least_rank = 1,
          .most_rank = 8,
          .words = {},
          .shapes = {"128x3072", "1048576", "128x32"},
          .types = {DType::F32, DType::F16, DType::BF16},
          .make = make};
}

}  // namespace

KernelFamily kernel_family_exp() {
  return elementwise("exp", "e^x", [](const KernelRequest& request) {
    return elementwise_problem(request, "Exp", 13, [](double x) { return std::exp(x); });
  });
}

KernelFamily kernel_family_tanh() {
  return elementwise("tanh", "tanh(x)", [](const KernelRequest& request) {
    return elementwise_problem(request, "Tanh", 13, [](double x) { return std::tanh(x); });
  });
}

KernelFamily kernel_family_erf() {
  return elementwise("erf", "erf(x)", [](const KernelRequest& request) {
    return elementwise_problem(request, "Erf", 13, [](double x) { return std::erf(x); });
  });
}

KernelFamily kernel_family_silu() {
  return elementwise("silu", "x sigmoid(x)", [](const KernelRequest& request) {
    return elementwise_problem(request, "Swish", 24, [](double x) { return x / (1 + std::exp(-x)); });
  });
}

KernelFamily kernel_family_gelu() {
  KernelFamily family =
      elementwise("gelu", "Gelu by erf, or by its approximation with tanh", [](const KernelRequest& request) {
        if (!request.has("tanh")) {
          return elementwise_problem(request, "Gelu", 20,
                                     [](double x) { return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2)); });
        }
        const auto by_tanh = [](double x) {
          return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
        };
        return elementwise_problem(request, "Gelu", 20, by_tanh, {{"approximate", std::string("tanh")}});
      });
  family.form = "AxBx...[,tanh]";
  family.words = {"tanh"};
  family.shapes = {"128x3072", "128x3072,tanh", "128x128"};
  return family;
}

}  // namespace mica::tools
