// The parameters of RoiAlign.
#pragma once

#include <string>

#include "kernels/operands.h"
#include "kernels/pool/roi_region.h"

namespace mica {

struct RoiAlign : RoiForm {
  std::string mode = "avg", coordinates = "half_pixel";
};

/// Throws when the operands do not fit each other.
void check_roi_align(const RoiAlign& op, const Operands& io);

}  // namespace mica
