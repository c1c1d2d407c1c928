// Symbolic dimensions: integer expressions over the dims of a model's inputs.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mica {

class Polynomial;

/// A dimension, or an element of a shape tensor: an integer or an expression over symbols, such as `2*seq+1`.
/// Expressions are kept in a canonical form (a polynomial over symbols and over opaque floor divisions, remainders,
/// minima and maxima), so that `==` decides whether two of them are equal for every value of the symbols wherever
/// that form can tell. Symbols that are dims stand for values >= 0. Immutable; copies share.
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
  std::string str() const;  ///< "2*seq + 1"

  const Polynomial* expression() const { return expression_.get(); }

 private:
  friend class Polynomial;
  friend Dim make_dim(Polynomial polynomial);

  int64_t value_ = 0;
  std::shared_ptr<const Polynomial> expression_;
};

Dim floor_div(const Dim& a, const Dim& b);     ///< towards minus infinity; b must not be the constant 0
Dim ceil_div(const Dim& a, const Dim& b);      ///< towards plus infinity
Dim truncate_div(const Dim& a, const Dim& b);  ///< towards zero, as ONNX Div on integers
Dim modulo(const Dim& a, const Dim& b);        ///< sign of b, as floor_div
Dim min(const Dim& a, const Dim& b);
Dim max(const Dim& a, const Dim& b);
/// a / b where b divides a for all values of the symbols (polynomial division); nullopt when that cannot be shown.
std::optional<Dim> exact_div(const Dim& a, const Dim& b);

/// Values of symbols; unknown names are left out.
using SymbolValues = std::map<std::string, int64_t, std::less<>>;

/// `dim` with the symbols of `values` replaced by their numbers.
Dim substitute(const Dim& dim, const SymbolValues& values);
/// The number that `dim` is under `values`; nullopt when a symbol is missing, on overflow or a division by zero.
std::optional<int64_t> evaluate(const Dim& dim, const SymbolValues& values);

/// Dims of a tensor, outermost first.
using Dims = std::vector<Dim>;
std::string str(const Dims& dims);  ///< "[batch,2*seq,64]"

/// Product of dims.
Dim product(const Dims& dims);

}  // namespace mica
