// The parameters of GridSample.
#pragma once

#include <string>

#include "kernels/image/grid_axis.h"
#include "kernels/operands.h"

namespace mica {

struct GridSample {
  std::string mode = "linear", padding_mode = "zeros";
  bool align_corners = false;
  GridForm form;
};

/// Throws when the operands do not fit each other.
void check_grid_sample(const Operands& io);

}  // namespace mica
