#include "kernels/provider.h"

#include <algorithm>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace mica {

void ProviderKernels::add(std::string_view op_type, int64_t since, std::string_view domain, const Kernel& kernel) {
  rows_.push_back({domain, op_type, since, kernel});
}

const Kernel* ProviderKernels::find(const OpTable::Entry& op, std::string_view provider) const {
  const auto found = std::ranges::find_if(rows_, [&](const Row& row) {
    return row.kernel.name == provider && row.op_type == op.name && row.domain == op.domain && row.since == op.since;
  });
  return found == rows_.end() ? nullptr : &found->kernel;
}

std::vector<std::string_view> ProviderKernels::providers() const {
  std::vector<std::string_view> names;
  for (const Row& row : rows_) {
    if (std::ranges::find(names, row.kernel.name) == names.end()) names.push_back(row.kernel.name);
  }
  return names;
}

void check_provider(std::string_view provider) {
  const std::vector<std::string_view> names = provider_kernels().providers();
  if (std::ranges::find(names, provider) != names.end()) return;
  if (names.empty()) {
    throw Error(ErrorCode::InvalidArgument, "this build has no kernels of other libraries, and so no provider \"" +
                                                std::string(provider) + "\" (build it with -DMICA_ONEDNN=ON)");
  }
  throw Error(ErrorCode::InvalidArgument, unknown_name("provider", provider, names));
}

}  // namespace mica
