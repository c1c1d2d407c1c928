// What LSTM and DynamicQuantizeLSTM share.
#pragma once

#include "kernels/rnn/recurrence.h"

namespace mica {

inline constexpr int64_t kLstmGates = 4;

struct Lstm : Recurrent {
  bool input_forget = false;
};

/// For OpBuilder::prepare.
void prepare_lstm(Lstm& op, const NodeFacts& facts);

/// What `run_lstm` takes as packed, from W and R; a null one is not constant.
std::shared_ptr<const PackedRecurrent> pack_lstm(const Tensor* w, const Tensor* r);

/// Inputs X, W, R, B, sequence_lens, initial_h, initial_c, P; outputs Y, Y_h, Y_c; all floats of one type.
void run_lstm(const Lstm& op, const Operands& io);

}  // namespace mica
