// Launchers of the CUDA kernels that normalise the channels of images.
#pragma once

#include "kernels/cuda/number.h"

namespace mica::cuda {

/// Numbers for each channel, of floats of any type; doubles for doubles only.
struct ChannelNumbers {
  const void* data;
  Number number;
};

/// y = (x - mean) / sqrt(variance + epsilon) * scale + bias, for `count` elements of `channels` channels, of which
/// `plane` elements are neighbours. y may be x.
struct BatchNormCall {
  Number number;
  const void* x;
  void* y;
  int64_t count, channels, plane;
  ChannelNumbers scale, bias, mean, variance;
  float epsilon;
};
void launch_batch_norm(const BatchNormCall& call, void* stream);

/// The same with the mean and variance of each of `rows` rows of `members` channels of `plane` elements, `groups` of
/// which make an instance; then, with `silu`, times its sigmoid. y may be x.
struct GroupNormCall {
  Number number;
  const void* x;
  void* y;
  int64_t rows, groups, members, plane;
  bool channels_last;  ///< channels of all groups are neighbours
  bool scale_groups;   ///< a scale and a bias for each group instead of each channel
  ChannelNumbers scale, bias;
  float epsilon;
  bool silu;
};
void launch_group_norm(const GroupNormCall& call, void* stream);

}  // namespace mica::cuda
