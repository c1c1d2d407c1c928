// SVMClassifier, ai.onnx.ml 1. Every pair of classes i < j has a machine of its own, whose support vectors are those of
// both, with the coefficients of rows j - 1 and i of [classes - 1, support vectors]:  s = rho + sum of coefficient
// kernel(X, v).  Each votes for i where s is positive, else for j, and the class with the most votes is the label.
// Scores are the s of the pairs, for two classes -s and s; or with prob_a and prob_b the probabilities of the classes.
// Without support vectors there is a row of coefficients for each class, rho[0] + coefficients X is its score, and the
// highest one gives the label.
#include <algorithm>
#include <cmath>

#include "kernels/ml/features.h"
#include "kernels/ml/labels.h"
#include "kernels/ml/svm.h"
#include "kernels/op.h"

namespace mica {
namespace {

struct SvmClassifier : Svm, Classifier {
  std::vector<int64_t> vectors_per_class;
  std::vector<float> prob_a, prob_b;

  int64_t classes = 1, vectors = 0, width = 0;
  std::vector<int64_t> first_vector;  ///< of each class

  int64_t pairs() const { return classes * (classes - 1) / 2; }
  /// What comes before the transform: of pairs, or of classes.
  int64_t raw_scores() const { return vectors > 0 && prob_a.empty() ? pairs() : classes; }
  int64_t scores() const { return raw_scores() == 1 && vectors > 0 ? 2 : raw_scores(); }
};

void prepare(SvmClassifier& op, const NodeFacts&) {
  prepare_svm(op);
  prepare_classifier(op);
  const auto need = [](bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::InvalidModel, std::string(what) + " do not fit the classes");
  };
  op.classes = static_cast<int64_t>(std::max<size_t>(1, op.labels()));
  for (const int64_t count : op.vectors_per_class) {
    need(count >= 0 && count <= static_cast<int64_t>(op.support_vectors.size()), "vectors_per_class");
    op.first_vector.push_back(op.vectors);
    op.vectors += count;
  }
  need(!op.rho.empty(), "rho");
  if (op.vectors == 0) {
    need(op.coefficients.size() % static_cast<size_t>(op.classes) == 0, "coefficients");
    op.width = static_cast<int64_t>(op.coefficients.size()) / op.classes;
    op.kernel = SvmKernel::Linear;
    op.prob_a.clear();
    return;
  }
  const int64_t vectors = static_cast<int64_t>(op.support_vectors.size());
  need(op.classes > 1 && static_cast<int64_t>(op.vectors_per_class.size()) == op.classes, "vectors_per_class");
  need(vectors % op.vectors == 0, "support_vectors");
  op.width = vectors / op.vectors;
  need(static_cast<int64_t>(op.coefficients.size()) == (op.classes - 1) * op.vectors, "coefficients");
  need(static_cast<int64_t>(op.rho.size()) == op.pairs(), "rho");
  const bool probabilities = !op.prob_a.empty();
  need(op.prob_a.size() == op.prob_b.size() && (!probabilities || op.prob_a.size() == op.rho.size()),
       "prob_a and prob_b");
}

void infer(const SvmClassifier& op, InferContext& ctx) {
  infer_classifier(op, ctx, op.scores());
}

/// The scores of all pairs, and the votes for the classes.
void decide(const SvmClassifier& op, std::span<const double> kernels, double* scores, double* votes) {
  std::fill_n(votes, op.classes, 0.0);
  const auto part = [&](int64_t row, size_t of) {
    const int64_t first = op.first_vector[of];
    double sum = 0;
    for (int64_t k = first; k < first + op.vectors_per_class[of]; ++k) {
      sum += static_cast<double>(op.coefficients[static_cast<size_t>(row * op.vectors + k)]) *
             kernels[static_cast<size_t>(k)];
    }
    return sum;
  };
  size_t pair = 0;
  for (int64_t i = 0; i < op.classes; ++i) {
    for (int64_t j = i + 1; j < op.classes; ++j, ++pair) {
      const double score =
          static_cast<double>(op.rho[pair]) + part(j - 1, static_cast<size_t>(i)) + part(i, static_cast<size_t>(j));
      scores[pair] = score;
      votes[score > 0 ? i : j] += 1;
    }
  }
}

/// The probabilities p of k classes from those of pairs, r[i, j] that it is i where it is i or j: they minimise
///   sum over i, j of (r[j, i] p[i] - r[i, j] p[j])^2
/// Wu, Lin, Weng, "Probability estimates for multi-class classification by pairwise coupling", 2004, algorithm 2.
void couple(int64_t k, const double* r, double* q, double* qp, double* p) {
  for (int64_t t = 0; t < k; ++t) {
    p[t] = 1.0 / static_cast<double>(k);
    q[t * k + t] = 0;
    for (int64_t j = 0; j < k; ++j) {
      if (j == t) continue;
      q[t * k + t] += r[j * k + t] * r[j * k + t];
      q[t * k + j] = -r[j * k + t] * r[t * k + j];
    }
  }
  const double tolerance = 0.005 / static_cast<double>(k);
  for (int64_t iteration = 0; iteration < std::max<int64_t>(100, k); ++iteration) {
    double total = 0, error = 0;
    for (int64_t t = 0; t < k; ++t) {
      qp[t] = 0;
      for (int64_t j = 0; j < k; ++j) qp[t] += q[t * k + j] * p[j];
      total += p[t] * qp[t];
    }
    for (int64_t t = 0; t < k; ++t) error = std::max(error, std::abs(qp[t] - total));
    if (error < tolerance) return;
    for (int64_t t = 0; t < k; ++t) {
      const double step = (total - qp[t]) / q[t * k + t];
      p[t] += step;
      total = (total + step * (step * q[t * k + t] + 2 * qp[t])) / ((1 + step) * (1 + step));
      for (int64_t j = 0; j < k; ++j) {
        qp[j] = (qp[j] + step * q[t * k + j]) / (1 + step);
        p[j] /= 1 + step;
      }
    }
  }
}

/// Room for one row.
struct Room {
  double *features, *kernels, *pairs, *votes, *r, *q, *qp;

  Room(const SvmClassifier& op, const Operands& io) {
    const int64_t square = op.prob_a.empty() ? 0 : op.classes * op.classes;
    features = io.scratch<double>(op.width);
    kernels = io.scratch<double>(op.vectors);
    pairs = io.scratch<double>(op.pairs());
    votes = io.scratch<double>(op.classes);
    r = io.scratch<double>(square);
    q = io.scratch<double>(square);
    qp = io.scratch<double>(op.classes);
  }
};

/// The label of one row, and its scores.
int64_t classify(const SvmClassifier& op, const Room& room, std::span<double> scores) {
  if (op.vectors == 0) {
    for (int64_t c = 0; c < op.classes; ++c) {
      scores[static_cast<size_t>(c)] = static_cast<double>(op.rho[0]) +
                                       svm_kernel(op, room.features, op.coefficients.data() + c * op.width, op.width);
    }
    return best_class(scores);
  }
  for (int64_t k = 0; k < op.vectors; ++k) {
    room.kernels[k] = svm_kernel(op, room.features, op.support_vectors.data() + k * op.width, op.width);
  }
  decide(op, {room.kernels, static_cast<size_t>(op.vectors)}, room.pairs, room.votes);
  if (!op.prob_a.empty()) {
    size_t pair = 0;
    for (int64_t i = 0; i < op.classes; ++i) {
      for (int64_t j = i + 1; j < op.classes; ++j, ++pair) {
        const double a = static_cast<double>(op.prob_a[pair]), b = static_cast<double>(op.prob_b[pair]);
        const double p = 1 / (1 + std::exp(room.pairs[pair] * a + b));
        room.r[i * op.classes + j] = std::clamp(p, 1e-7, 1 - 1e-7);
        room.r[j * op.classes + i] = 1 - room.r[i * op.classes + j];
      }
    }
    couple(op.classes, room.r, room.q, room.qp, scores.data());
  } else if (op.pairs() == 1) {
    scores[0] = -room.pairs[0];
    scores[1] = room.pairs[0];
  } else {
    std::copy_n(room.pairs, op.pairs(), scores.begin());
  }
  return best_class({room.votes, static_cast<size_t>(op.classes)});
}

void run_cpu(const SvmClassifier& op, const Operands& io) {
  const FeatureRows rows(io.in(0));
  if (rows.width != op.width) {
    bad_input("the input " + io.in(0).str() + " has not " + std::to_string(op.width) + " features");
  }
  const size_t count = static_cast<size_t>(op.scores());
  const std::span<double> scores(io.scratch<double>(op.scores()), count);
  const Room room(op, io);
  for (int64_t row = 0; row < rows.count; ++row) {
    rows.read(row, room.features);
    const int64_t label = classify(op, room, scores);
    transform(op.post_transform, scores);
    if (io.wants(0)) write_label(op, io.out(0), row, label);
    for (size_t i = 0; io.wants(1) && i < count; ++i) {
      io.out(1).mutable_data<float>()[row * op.scores() + static_cast<int64_t>(i)] = static_cast<float>(scores[i]);
    }
  }
}

}  // namespace

MICA_OP(SVMClassifier, 1, ai_onnx_ml) {
  return op<SvmClassifier>()
      .input("X", kFeatureTypes)
      .output("Y")
      .optional_output("Z")
      .attribute("coefficients", &SvmClassifier::coefficients)
      .attribute("support_vectors", &SvmClassifier::support_vectors)
      .attribute("rho", &SvmClassifier::rho)
      .attribute("kernel_params", &SvmClassifier::kernel_params)
      .attribute("kernel_type", &SvmClassifier::kernel_name)
      .attribute("vectors_per_class", &SvmClassifier::vectors_per_class)
      .attribute("prob_a", &SvmClassifier::prob_a)
      .attribute("prob_b", &SvmClassifier::prob_b)
      .attribute("classlabels_ints", &SvmClassifier::labels_ints)
      .attribute("classlabels_strings", &SvmClassifier::labels_strings)
      .attribute("post_transform", &SvmClassifier::post_transform_name)
      .prepare<prepare>()
      .infer<infer>()
      .cpu<run_cpu>();
}

}  // namespace mica
