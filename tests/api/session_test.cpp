#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/api/model_from_text.h"

namespace mica {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kAffine = R"(
  graph g(x: float[batch,2], y: float[batch,2]) -> (sum, product) {
    sum = Add(x, y)
    product = Mul(sum, y)
  })";

std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Session, TakesInputsInAnyOrderAndGivesOutputsByNameAndPosition) {
  Session session = model_from_text(kAffine).compile();
  const auto x = Tensor::of<float>({1, 2}, {1, 2});
  const auto y = Tensor::of<float>({1, 2}, {10, 20});
  const Outputs& out = session.run({{"y", y}, {"x", x}});
  EXPECT_THAT(out["sum"].as<float>(), ElementsAre(11, 22));
  EXPECT_THAT(out[1].as<float>(), ElementsAre(110, 440));
  EXPECT_EQ(out.name(1), "product");
}

TEST(Session, FollowsDimsThatChangeFromRunToRun) {
  Session session = model_from_text(kAffine).compile();
  for (const int64_t batch : {3, 1, 7, 0, 7}) {
    const std::vector<float> values(static_cast<size_t>(2 * batch), 2.0f);
    const Tensor x = Tensor::view<float>({batch, 2}, values);
    const Outputs& out = session.run({{"x", x}, {"y", x}});
    EXPECT_EQ(out["sum"].shape(), (Shape{batch, 2}));
    EXPECT_THAT(out["product"].as<float>(), testing::Each(8.0f));
  }
}

Tensor filled(const Shape& shape, float value) {
  const std::vector<float> values(static_cast<size_t>(shape.elements()), value);
  return Tensor::of<float>(shape, values);
}

// NumPy's rule, for dims that only the run tells: 0 and 1 give 0.
TEST(Session, BroadcastsDimsThatMayBeNoneOrOne) {
  Session session =
      model_from_text("graph g(x: float[a,2], y: float[b,2]) -> (z) { s = Add(x, y) z = Neg(s) }").compile();
  struct Case {
    int64_t a, b, both;
  };
  for (const auto& [a, b, both] : {Case{0, 1, 0}, {1, 0, 0}, {1, 7, 7}, {7, 1, 7}, {0, 0, 0}, {7, 7, 7}}) {
    const Outputs& out = session.run({{"x", filled({a, 2}, 1)}, {"y", filled({b, 2}, 2)}});
    EXPECT_EQ(out["z"].shape(), (Shape{both, 2}));
    EXPECT_THAT(out["z"].as<float>(), testing::Each(-3.0f));
  }
  EXPECT_THAT(error_of([&] {
                session.run({{"x", filled({3, 2}, 1)}, {"y", filled({2, 2}, 1)}});
              }),
              HasSubstr("broadcast"));
}

TEST(Session, BroadcastsUnevenHalvesOfADim) {
  constexpr std::string_view kHalves = R"(
    graph g(x: float[n]) -> (sum) {
      a, b = Split(x) {axis=0,num_outputs=2}
      sum = Add(a, b)
    })";
  Session session = model_from_text(kHalves).compile();
  EXPECT_EQ(session.run({{"x", filled({1}, 1)}})["sum"].shape(), (Shape{0}));
  EXPECT_THAT(session.run({{"x", Tensor::of<float>({2}, {1, 2})}})["sum"].as<float>(), ElementsAre(3));
  EXPECT_THAT(session.run({{"x", Tensor::of<float>({3}, {1, 2, 4})}})["sum"].as<float>(), ElementsAre(5, 6));
}

TEST(Session, ResultsThatAreHeldStayAsTheyAre) {
  Session session = model_from_text(kAffine).compile();
  const auto run = [&](float value) -> const Outputs& {
    const auto x = Tensor::of<float>({1, 2}, {value, value});
    return session.run({{"x", x}, {"y", x}});
  };
  const Tensor first = run(1)["sum"];
  const Tensor second = run(2)["sum"];
  const Tensor third = run(3)["sum"];
  EXPECT_THAT(first.as<float>(), ElementsAre(2, 2));
  EXPECT_THAT(second.as<float>(), ElementsAre(4, 4));
  EXPECT_THAT(third.as<float>(), ElementsAre(6, 6));
}

TEST(Session, SaysWhatIsWrongWithInputs) {
  Session session = model_from_text(kAffine).compile();
  const auto x = Tensor::of<float>({1, 2}, {1, 2});
  EXPECT_THAT(error_of([&] { session.run({{"x", x}}); }), HasSubstr("input \"y\" is missing: float[batch,2]"));
  EXPECT_THAT(error_of([&] { session.run({{"x", x}, {"yy", x}}); }), HasSubstr("did you mean \"y\"?"));
  const auto three = Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  EXPECT_THAT(error_of([&] { session.run({{"x", x}, {"y", three}}); }), HasSubstr("batch is 1 in another input"));
  const auto flat = Tensor::of<float>({2}, {1, 2});
  EXPECT_THAT(error_of([&] { session.run({{"x", flat}, {"y", x}}); }), HasSubstr("the model takes float[batch,2]"));
  const auto ints = Tensor::of<int64_t>({1, 2}, {1, 2});
  EXPECT_THAT(error_of([&] { session.run({{"x", ints}, {"y", x}}); }), HasSubstr("is int64[1,2]"));
  EXPECT_THAT(session.run({{"x", x}, {"y", x}})["sum"].as<float>(), ElementsAre(2, 4));  // and goes on after errors
}

// keys holds [2, 2, length, 1]; what is attended to is only their sum here.
constexpr std::string_view kCache = R"(
  graph g(keys: float[2,2,past,1], new: float[2,2,step,1]) -> (grown, last) {
    grown = Concat(keys, new) {axis=-2}
    last = Neg(new)
  })";

Tensor column(float a, float b, float c, float d) {
  return Tensor::of<float>({2, 2, 1, 1}, {a, b, c, d});
}

TEST(SessionState, GrowsInPlaceFromEmpty) {
  Session session = model_from_text(kCache).compile();
  session.state("keys", "grown");
  EXPECT_FALSE(session.state_value("keys").defined());
  for (int i = 0; i < 5; ++i) {
    const auto base = static_cast<float>(10 * i);
    const Outputs& out = session.run({{"new", column(base, base + 1, base + 2, base + 3)}});
    EXPECT_FALSE(out["grown"].defined());
  }
  const Tensor kept = session.state_value("keys");
  EXPECT_EQ(kept.shape(), (Shape{2, 2, 5, 1}));
  EXPECT_THAT(kept.as<float>(),
              ElementsAre(0, 10, 20, 30, 40, 1, 11, 21, 31, 41, 2, 12, 22, 32, 42, 3, 13, 23, 33, 43));
}

TEST(SessionState, StartsFromAGivenValueAndStartsOver) {
  Session session = model_from_text(kCache).compile();
  session.state("keys", "grown");
  session.set_state("keys", Tensor::of<float>({2, 2, 2, 1}, {1, 2, 3, 4, 5, 6, 7, 8}));
  session.run({{"new", column(-1, -2, -3, -4)}});
  EXPECT_THAT(session.state_value("keys").as<float>(), ElementsAre(1, 2, -1, 3, 4, -2, 5, 6, -3, 7, 8, -4));
  session.set_state("keys", Tensor());
  session.run({{"new", column(1, 2, 3, 4)}});
  EXPECT_THAT(session.state_value("keys").as<float>(), ElementsAre(1, 2, 3, 4));
}

// The state is read by an operator that takes dense tensors only.
TEST(SessionState, IsCopiedWhereItCannotGrowInPlace) {
  Session session = model_from_text(R"(
      graph g(keys: float[2,2,past,1], new: float[2,2,step,1]) -> (grown, total) {
        grown = Concat(keys, new) {axis=2}
        total = ReduceSum(grown) {keepdims=0}
      })")
                        .compile();
  session.state("keys", "grown");
  for (const float expected : {10.0f, 20.0f, 30.0f}) {
    const Outputs& out = session.run({{"new", column(1, 2, 3, 4)}});
    EXPECT_THAT(out["total"].as<float>(), ElementsAre(expected));
    EXPECT_EQ(out["grown"].shape(), session.state_value("keys").shape());
  }
}

TEST(SessionState, OfWholeOutputsIsTheNextInput) {
  Session session = model_from_text(R"(
      graph g(h: float[2], x: float[2]) -> (next) {
        next = Add(h, x)
      })")
                        .compile();
  session.state("h", "next");
  const auto one = Tensor::of<float>({2}, {1, 2});
  session.run({{"x", one}});
  session.run({{"x", one}});
  EXPECT_THAT(session.run({{"x", one}})["next"].as<float>(), ElementsAre(3, 6));
}

TEST(SessionState, RefusesWhatDoesNotFit) {
  Session session = model_from_text(kCache).compile();
  session.state("keys", "grown");
  EXPECT_THAT(error_of([&] { session.state("keys", "last"); }), HasSubstr("tied to an output already"));
  EXPECT_THAT(error_of([&] { session.set_state("new", Tensor()); }), HasSubstr("not tied"));
  EXPECT_THAT(error_of([&] { session.set_state("keys", Tensor::of<float>({1}, {1})); }), HasSubstr("the model takes"));
  session.set_state("keys", Tensor::of<float>({2, 2, 1, 1}, {1, 2, 3, 4}));
  EXPECT_NE(error_of([&] { session.run({{"new", Tensor::of<float>({2, 1, 1, 1}, {1, 2})}}); }), "");
  session.run({{"new", column(5, 6, 7, 8)}});
  EXPECT_THAT(session.state_value("keys").as<float>(), ElementsAre(1, 5, 2, 6, 3, 7, 4, 8));
}

TEST(Session, ForksRunSideBySide) {
  const Model model = model_from_text(kAffine);
  const Session first = model.compile({.threads = 2});
  const auto work = [&](float value) {
    Session session = first.fork();
    for (int64_t i = 0; i < 200; ++i) {
      const std::vector<float> values(static_cast<size_t>(2 * (1 + i % 3)), value);
      const Tensor x = Tensor::view<float>({1 + i % 3, 2}, values);
      EXPECT_THAT(session.run({{"x", x}, {"y", x}})["product"].as<float>(), testing::Each(2 * value * value));
    }
  };
  std::thread other(work, 3.0f);
  work(2.0f);
  other.join();
}

}  // namespace
}  // namespace mica
