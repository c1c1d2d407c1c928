// What LSTM and DynamicQuantizeLSTM share.
#pragma once

#include "kernels/rnn/recurrent.h"

namespace mica {

inline constexpr int64_t kLstmGates = 4;

struct Lstm : Recurrent {
  bool input_forget = false;
};

/// For OpBuilder::prepare.
void prepare_lstm(Lstm& op, const NodeFacts& facts);

/// Inputs X, W, R, B, sequence_lens, initial_h, initial_c, P; outputs Y, Y_h, Y_c; all floats of one type.
void run_lstm(const Lstm& op, const Operands& io);

}  // namespace mica
