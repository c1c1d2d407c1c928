// The parameters of GRU.
#pragma once

#include "kernels/rnn/recurrent.h"

namespace mica {

inline constexpr int64_t kGruGates = 3;

struct Gru : Recurrent {
  bool linear_before_reset = false;
};

}  // namespace mica
