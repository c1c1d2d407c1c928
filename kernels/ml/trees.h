// Decision trees: rows of features walk down every tree, and the votes of the leaves they come to are aggregated for
// each target. What TreeEnsemble, TreeEnsembleClassifier and TreeEnsembleRegressor share.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/operands.h"
#include "runtime/base/function_ref.h"

namespace mica {

/// What a node asks of its feature. The numbers are those of TreeEnsemble.
enum class Compare : uint8_t { LessOrEqual, Less, GreaterOrEqual, Greater, Equal, NotEqual, Member };

/// Likewise.
enum class Aggregate { Average, Sum, Min, Max };

struct Trees {
  /// A node when not negative, else the leaf ~place.
  using Place = int32_t;

  struct Node {
    double split = 0;
    uint32_t feature = 0;
    uint32_t set = 0;          ///< for Compare::Member: index into `sets`
    Place next[2] = {-1, -1};  ///< where false and true lead
    Compare compare = Compare::LessOrEqual;
    bool missing_true = false;  ///< where NaN leads
  };
  struct Vote {
    size_t target;
    double weight;
  };

  std::vector<Node> nodes;
  std::vector<Place> roots;
  std::vector<size_t> first_vote;  ///< of each leaf, and the number of all votes behind
  std::vector<Vote> votes;         ///< of one leaf after another
  std::vector<std::vector<double>> sets;

  Aggregate aggregate = Aggregate::Sum;
  size_t targets = 1;
  std::vector<double> base;  ///< added to the aggregates, one for each target; or empty
  int64_t features = 0;      ///< how many the nodes ask for, by `check`

  size_t leaves() const { return first_vote.size() - 1; }

  /// Throws InvalidModel unless every place exists, every vote has a target, and no path is a cycle.
  void check();

  /// The aggregates of one row for all targets; a target without votes has 0, or its base. `voted` has room for as
  /// many.
  template <class T>
  void predict(const T* row, std::span<double> scores, bool* voted) const;
};

/// Throws InvalidModel, as what `Trees` are made of.
[[noreturn]] void refuse_trees(const std::string& message);

/// Calls f(row, scores) for each row of X [N,F], in parallel; the scores may be changed. Throws unless X has enough
/// features.
void predict_rows(const Operands& io, const Trees& trees, const Tensor& x,
                  FunctionRef<void(int64_t row, std::span<double> scores)> f);

}  // namespace mica
