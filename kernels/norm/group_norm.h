// Parameters of InstanceNormalization and GroupNormalization (group_norm.op.cpp) and of GroupNorm of com.microsoft
// (group_norm_contrib.op.cpp).
#pragma once

#include "kernels/op.h"

namespace mica {

struct GroupNorm {
  int64_t groups = 0;  ///< 0: as many as channels
  float epsilon = 1e-5f;
  DType stash_type = DType::F32;
  bool scale_groups = false;  ///< a scale and a bias for each group
};
/// The number of groups for the operands at hand. Throws when these do not fit.
int64_t checked_groups(const GroupNorm& op, const Operands& io);

struct GroupNormContrib {
  float epsilon = 1e-5f;
  int64_t groups = 0, activation = 0;
  bool channels_last = true;
};
struct ChannelPlanes {
  int64_t channels, plane;  ///< how many, and elements of each in an instance
};
/// Of the input at hand. Throws when the operands do not fit.
ChannelPlanes checked_channels(const GroupNormContrib& op, const Operands& io);

}  // namespace mica
