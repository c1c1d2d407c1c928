// Scaled dot product attention, softmax(scale * Q K' + bias) V: the one core that all attention operators call.
#pragma once

#include <array>
#include <limits>

#include "kernels/attention/heads.h"

namespace mica {

/// A term added to the scores, or a mask of them, after the soft cap: strides in elements, 0 where all share an
/// element.
template <class T>
struct ScoreBias {
  const T* data = nullptr;  ///< null: no term
  int64_t batch = 0, head = 0, row = 0, key = 0;
  const bool* shown = nullptr;  ///< null: no mask; else false hides a key

  int64_t at(int64_t b, int64_t h, int64_t i) const { return b * batch + h * head + i * row; }
};

/// Which keys a sequence of the batch has, and where its queries stand among them.
struct Sequence {
  int64_t keys = 0;    ///< those from here on are hidden
  int64_t offset = 0;  ///< position of the first query, for `causal` and `window`
};

/// What the score output holds: scaled products; these with the soft cap; with bias and hidden keys as well; or the
/// probabilities.
enum class ScoreStage { Scaled, Capped, Masked, Softmax };

/// Query head h reads key and value head h / (heads / kv_heads). Sizes are >= 0, heads a multiple of kv_heads.
template <class T>
struct Attention {
  int64_t batch = 0, heads = 0, kv_heads = 0;
  int64_t rows = 0;                ///< queries of a sequence
  int64_t keys = 0;                ///< of the longest sequence
  int64_t width = 0, v_width = 0;  ///< elements of a key, of a value
  Heads<const T> q = {}, k = {}, v = {};
  Heads<T> out = {};

  T scale = 1;
  T softcap = 0;  ///< c: scores s become c tanh(s / c); 0: they stay
  std::array<ScoreBias<T>, 2> bias = {};
  const Sequence* sequences = nullptr;  ///< one for each batch entry
  bool causal = false;                  ///< query i sees no key beyond position i + offset
  int64_t window = 0;                   ///< query i sees no key before i + offset - window + 1; 0: it sees all
  /// Scores, one for each query head, of something that takes its part of the probability and has no value; null: none.
  const T* sinks = nullptr;

  T* scores = nullptr;     ///< null, or [batch, heads, rows, keys] for what `stage` says
  int64_t scores_row = 0;  ///< elements between the rows of scores; 0: `keys`
  ScoreStage stage = ScoreStage::Scaled;
  T hidden_score = -std::numeric_limits<T>::infinity();  ///< what stands for hidden keys at stage `Masked`
};

/// 1 / sqrt(width) where `scale` is 0.
template <class T>
T attention_scale(float scale, int64_t width);

/// A query that sees no key gives zeros.
template <class T>
void attention(const Operands& io, const Attention<T>& task);

// The same in steps, for those who do something to all scores or probabilities, dense [batch, heads, rows, keys], in
// between. Bias, hidden keys and sinks are left to them.

/// scores = scale * Q K'
template <class T>
void attention_scores(const Operands& io, const Attention<T>& task, T* scores);
/// out = probabilities V
template <class T>
void attention_values(const Operands& io, const Attention<T>& task, const T* probabilities);

}  // namespace mica
