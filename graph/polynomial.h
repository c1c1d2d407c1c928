// The canonical form of symbolic dims, and what graph/dim*.cpp share. Nobody else includes this.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/dim.h"

namespace mica {

/// What a model file may ask for. Beyond that, expressions are refused.
namespace dim_limits {
inline constexpr size_t kTerms = 128;    ///< of one polynomial
inline constexpr size_t kSize = 1024;    ///< factors and terms of an expression written out
inline constexpr size_t kDepth = 64;     ///< functions within functions
inline constexpr size_t kOperands = 16;  ///< of one min, max or broadcast
}  // namespace dim_limits

/// What is known of a value for all symbols >= 0, both ends inclusive.
struct Bounds {
  std::optional<int64_t> lower, upper;

  bool non_negative() const { return lower && *lower >= 0; }
};

/// What a polynomial does not look into: a symbol, or a function of canonical dims.
/// FloorDiv and TruncateDiv have the operands dividend, divisor. Min, Max and Broadcast have two or more, in order.
struct Atom {
  enum class Kind : uint8_t { Symbol, FloorDiv, TruncateDiv, Min, Max, Broadcast };

  Kind kind;
  std::string name;  ///< of a symbol
  std::vector<Dim> operands;
  Bounds bounds;
  size_t size;
  size_t depth;
};
using AtomPtr = std::shared_ptr<const Atom>;

/// A product of atoms in order, a power being a repetition. The empty one is 1.
using Monomial = std::vector<AtomPtr>;

struct Term {
  int64_t coefficient;
  Monomial monomial;
};

/// A sum of terms with distinct monomials and no coefficient 0, in order: higher degrees first, a constant last.
struct Polynomial {
  std::vector<Term> terms;

  int64_t constant() const { return !terms.empty() && terms.back().monomial.empty() ? terms.back().coefficient : 0; }
  bool leads_negative() const { return !terms.empty() && terms.front().coefficient < 0; }
};

/// Total orders by structure, never by address. That of monomials is compatible with multiplication (graded
/// lexicographic), so division by the leading term ends.
std::strong_ordering compare(const AtomPtr& a, const AtomPtr& b);
std::strong_ordering compare(const Monomial& a, const Monomial& b);
std::strong_ordering compare(const Polynomial& a, const Polynomial& b);
std::strong_ordering compare(const Dim& a, const Dim& b);

/// Arithmetic; nullopt on overflow and beyond `dim_limits`.
std::optional<Polynomial> add(const Polynomial& a, const Polynomial& b, int64_t scale = 1);  ///< a + scale * b
std::optional<Polynomial> multiply(const Polynomial& a, const Polynomial& b);

struct Division {
  Polynomial quotient, remainder;
};
/// a = quotient * b + remainder, where coefficients that the leading term of b reduces are left nearest to 0, and the
/// constant that a positive constant b leaves is in [0, b). The remainder is 0 where b divides a. b is not 0.
std::optional<Division> divide(const Polynomial& a, const Polynomial& b);

/// Exact division of all coefficients by a number, and of all monomials by an atom they contain.
void divide_coefficients(Polynomial& p, int64_t divisor);
void remove_factor(Polynomial& p, const AtomPtr& factor);

/// Greatest common divisor of `start` >= 0 and the coefficients, that of the constant only where `constant_too`.
int64_t content(const Polynomial& p, int64_t start, bool constant_too);

/// Bounds of a polynomial, and of a function of operands.
std::optional<int64_t> lower_bound(const Polynomial& p);
Bounds bounds(const Polynomial& p);
Bounds bounds(Atom::Kind kind, const std::vector<Dim>& operands);

Polynomial to_polynomial(const Dim& dim);
Dim make_dim(Polynomial polynomial);
/// The function of `operands` as they are, as one atom. Throws InvalidModel beyond `dim_limits`.
Dim make_function(Atom::Kind kind, std::vector<Dim> operands);

/// Quotients of numbers; nullopt for a division by 0 and on overflow.
std::optional<int64_t> checked_floor_div(int64_t a, int64_t b);
std::optional<int64_t> checked_truncate_div(int64_t a, int64_t b);
/// What numbers broadcast to; where they do not, one of them.
int64_t broadcast_numbers(int64_t a, int64_t b);

/// Throws InvalidModel: `dim overflows or is too complex: (seq + 1) * (9223372036854775807)`.
[[noreturn]] void refuse(const Dim& a, std::string_view operation, const Dim& b,
                         std::string_view reason = "dim overflows or is too complex");

}  // namespace mica
