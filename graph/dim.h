// Symbolic dimensions: integer expressions over the dims of a model's inputs.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mica {

struct Polynomial;

/// A dimension, or an element of a shape tensor: an integer or an expression over symbols, such as `2*seq+1`.
/// Expressions are kept in a canonical form (a polynomial over symbols and over divisions, minima and maxima that
/// do not simplify), so that expressions which are `==` are equal for all values of the symbols, and most that are
/// equal are `==`. Symbols stand for values >= 0. Where a divisor is 0 for some values of the symbols the quotient
/// has no meaning there, and a simplification may drop the division: `a*b/b` is `a`. Immutable; copies share.
///
/// All that make a Dim throw InvalidModel when a number overflows int64, when the expression grows beyond fixed
/// limits (`dim_limits` in graph/polynomial.h), and for a division by the constant 0.
class Dim {
 public:
  Dim() = default;  ///< 0
  Dim(int64_t value) : value_(value) {}
  static Dim symbol(const std::string& name);

  bool is_constant() const { return expression_ == nullptr; }
  /// The number; only for a constant.
  int64_t value() const { return value_; }
  std::optional<int64_t> constant() const;
  bool is(int64_t value) const { return is_constant() && value_ == value; }

  Dim operator+(const Dim& other) const;
  Dim operator-(const Dim& other) const;
  Dim operator*(const Dim& other) const;
  Dim operator-() const;

  bool operator==(const Dim& other) const;

  /// A lower bound that holds for all symbol values >= 0, where one is known.
  std::optional<int64_t> lower_bound() const;

  std::set<std::string> symbols() const;
  std::string str() const;  ///< "2*seq + 1", "floor(seq/2)", "max(a, b)"

  /// The canonical form; null for a constant.
  const Polynomial* expression() const { return expression_.get(); }

 private:
  friend Dim make_dim(Polynomial polynomial);

  int64_t value_ = 0;
  std::shared_ptr<const Polynomial> expression_;
};

Dim floor_div(const Dim& a, const Dim& b);     ///< towards minus infinity
Dim ceil_div(const Dim& a, const Dim& b);      ///< towards plus infinity
Dim truncate_div(const Dim& a, const Dim& b);  ///< towards zero, as ONNX Div on integers
Dim modulo(const Dim& a, const Dim& b);        ///< sign of b, as floor_div
Dim min(const Dim& a, const Dim& b);
Dim max(const Dim& a, const Dim& b);
/// a / b where b divides a for all values of the symbols (polynomial division); nullopt when that cannot be shown.
std::optional<Dim> exact_div(const Dim& a, const Dim& b);

/// Values of symbols; unknown names are left out.
using SymbolValues = std::map<std::string, int64_t, std::less<>>;

/// `dim` with the symbols of `values` replaced by their numbers, each >= 0.
Dim substitute(const Dim& dim, const SymbolValues& values);
/// The number that `dim` is under `values`; nullopt when a symbol is missing, on overflow or a division by zero.
std::optional<int64_t> evaluate(const Dim& dim, const SymbolValues& values);

/// Dims of a tensor, outermost first.
using Dims = std::vector<Dim>;
std::string str(const Dims& dims);  ///< "[batch,2*seq,64]"

/// Product of dims.
Dim product(const Dims& dims);

}  // namespace mica
