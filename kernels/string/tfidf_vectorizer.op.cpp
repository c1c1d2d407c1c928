// TfIdfVectorizer, ai.onnx 9: how often each n-gram of a pool is found in each row, with up to max_skip_count items
// skipped between its parts; as counts (TF), as weights of those found (IDF), or as weighted counts (TFIDF). The weight
// of an output column is the one of the same number, as in the reference implementation.
#include <algorithm>
#include <map>

#include "kernels/op.h"

namespace mica {
namespace {

// A tree of n-grams; tokens are numbers, strings by their place in the dictionary.
struct Grams {
  std::map<int64_t, size_t> next;
  int64_t column = -1;  ///< of the n-gram that ends here; -1: none does
};

struct TfIdf {
  std::string mode;
  int64_t min_gram_length = 1, max_gram_length = 1, max_skip_count = 0;
  std::vector<int64_t> ngram_counts, ngram_indexes, pool_int64s;
  std::vector<std::string> pool_strings;
  std::vector<float> weights;

  std::map<std::string, int64_t, std::less<>> dictionary;
  std::vector<Grams> tree;
  int64_t columns = 0;
};

[[noreturn]] void refuse(const std::string& message) {
  throw Error(ErrorCode::InvalidModel, message);
}

void add_gram(TfIdf& op, std::span<const int64_t> gram, int64_t column) {
  size_t at = 0;
  for (const int64_t token : gram) {
    const auto [entry, added] = op.tree[at].next.emplace(token, op.tree.size());
    at = entry->second;
    if (added) op.tree.emplace_back();
  }
  op.tree[at].column = column;
}

std::vector<int64_t> pool_tokens(TfIdf& op) {
  if (op.pool_int64s.empty() == op.pool_strings.empty()) refuse("one of pool_int64s and pool_strings must be given");
  if (!op.pool_int64s.empty()) return op.pool_int64s;
  std::vector<int64_t> tokens;
  for (const std::string& word : op.pool_strings) {
    tokens.push_back(op.dictionary.emplace(word, static_cast<int64_t>(op.dictionary.size())).first->second);
  }
  return tokens;
}

void prepare(TfIdf& op, const NodeFacts&) {
  constexpr int64_t kMost = int64_t{1} << 31;
  if (op.mode != "TF" && op.mode != "IDF" && op.mode != "TFIDF") refuse("mode is \"" + op.mode + "\"");
  if (op.min_gram_length < 1 || op.max_gram_length < op.min_gram_length || op.max_skip_count < 0 ||
      op.max_skip_count > kMost || op.max_gram_length > kMost) {
    refuse("lengths of n-grams and the number of skips do not fit together");
  }
  for (const int64_t index : op.ngram_indexes) {
    if (index < 0 || index >= kMost) refuse("ngram_indexes has " + std::to_string(index));
    op.columns = std::max(op.columns, index + 1);
  }
  const auto tokens = pool_tokens(op);
  op.tree.emplace_back();
  size_t gram = 0;
  for (size_t n = 1; n <= op.ngram_counts.size(); ++n) {
    const int64_t total = static_cast<int64_t>(tokens.size());
    const int64_t begin = op.ngram_counts[n - 1];
    const int64_t end = n < op.ngram_counts.size() ? op.ngram_counts[n] : total;
    if (begin < 0 || end < begin || end > total) refuse("ngram_counts do not fit the pool");
    const bool used = static_cast<int64_t>(n) >= op.min_gram_length && static_cast<int64_t>(n) <= op.max_gram_length;
    for (size_t at = static_cast<size_t>(begin); at + n <= static_cast<size_t>(end); at += n, ++gram) {
      if (gram >= op.ngram_indexes.size()) refuse("the pool has more n-grams than ngram_indexes");
      if (used) add_gram(op, std::span(tokens).subspan(at, n), op.ngram_indexes[gram]);
    }
  }
}

void infer(const TfIdf& op, InferContext& ctx) {
  const Dims* dims = ctx.dims(0);
  if (dims == nullptr) return ctx.set(0, DType::F32);
  if (dims->size() > 2) ctx.fail("the input must be [C] or [N,C], not " + str(*dims));
  ctx.set(0, DType::F32, dims->size() == 2 ? Dims{dims->front(), op.columns} : Dims{op.columns});
}

// -1, which no n-gram of words has, for a word that is in none.
std::vector<int64_t> tokens_of(const TfIdf& op, const Tensor& x) {
  std::vector<int64_t> tokens(static_cast<size_t>(x.elements()));
  if (x.dtype() == DType::String) {
    std::ranges::transform(x.as<std::string>(), tokens.begin(), [&](const std::string& word) {
      const auto found = op.dictionary.find(word);
      return found == op.dictionary.end() ? -1 : found->second;
    });
  } else {
    visit_dtype<int32_t, int64_t>(x.dtype(), [&]<class T>() { std::ranges::copy(x.as<T>(), tokens.begin()); });
  }
  return tokens;
}

void count_grams(const TfIdf& op, std::span<const int64_t> row, float* counts) {
  int64_t shortest = op.min_gram_length;
  const int64_t size = static_cast<int64_t>(row.size());
  for (int64_t step = 1; step <= op.max_skip_count + 1 && (step == 1 || step < size); ++step) {
    for (int64_t start = 0; start < size; ++start) {
      size_t at = 0;
      int64_t item = start;
      for (int64_t n = 1; n <= op.max_gram_length && item < size; ++n, item += step) {
        const auto found = op.tree[at].next.find(row[static_cast<size_t>(item)]);
        if (found == op.tree[at].next.end()) break;
        at = found->second;
        if (n >= shortest && op.tree[at].column >= 0) counts[op.tree[at].column] += 1;
      }
    }
    if (shortest == 1 && ++shortest > op.max_gram_length) break;  // skips do not touch single items: counted once
  }
}

void run_cpu(const TfIdf& op, const Operands& io) {
  const Tensor& x = io.in(0);
  const Shape& shape = x.shape();
  if ((x.dtype() == DType::String) == op.pool_strings.empty())
    bad_input("the pool holds no such elements as " + x.str());
  const int64_t rows = shape.rank() == 2 ? shape[0] : 1;
  const int64_t width = shape.rank() == 0 ? 1 : shape.back();
  if (shape.rank() > 2 || io.out(0).elements() != rows * op.columns) bad_input("the input must be [C] or [N,C]");
  const auto tokens = tokens_of(op, x);
  float* y = io.out(0).mutable_data<float>();
  std::fill_n(y, rows * op.columns, 0.0f);
  for (int64_t row = 0; row < rows; ++row, y += op.columns) {
    count_grams(op, std::span(tokens).subspan(static_cast<size_t>(row * width), static_cast<size_t>(width)), y);
    for (int64_t i = 0; i < op.columns && op.mode != "TF"; ++i) {
      const float weight = i < static_cast<int64_t>(op.weights.size()) ? op.weights[static_cast<size_t>(i)] : 1.0f;
      y[i] = weight * (op.mode == "IDF" ? std::min(y[i], 1.0f) : y[i]);
    }
  }
}

}  // namespace

MICA_OP(TfIdfVectorizer, 9) {
  return op<TfIdf>()
      .input("X", types::string | types::index)
      .output("Y")
      .required("mode", &TfIdf::mode)
      .required("min_gram_length", &TfIdf::min_gram_length)
      .required("max_gram_length", &TfIdf::max_gram_length)
      .required("max_skip_count", &TfIdf::max_skip_count)
      .required("ngram_counts", &TfIdf::ngram_counts)
      .required("ngram_indexes", &TfIdf::ngram_indexes)
      .attribute("pool_int64s", &TfIdf::pool_int64s)
      .attribute("pool_strings", &TfIdf::pool_strings)
      .attribute("weights", &TfIdf::weights)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
