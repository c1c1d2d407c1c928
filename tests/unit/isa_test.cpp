#include "kernels/simd/isa.h"

#include <gtest/gtest.h>

#include "kernels/activation/unary_simd.h"

namespace mica {
namespace {

constexpr std::string_view kBigNeeds[] = {"wide", "fused"};
constexpr std::string_view kMiddleNeeds[] = {"fused"};
constexpr Isa kList[] = {{"big", 3, kBigNeeds}, {"middle", 2, kMiddleNeeds}, {"small", 0, {}}};

IsaChoice choose(std::string_view have, std::string_view cap) {
  return choose_isa(
      kList, [have](std::string_view f) { return have.find(f) != have.npos; }, cap);
}

TEST(Isa, TakesTheBestThatTheCpuCanRun) {
  EXPECT_EQ(choose("wide fused", "").index, 0u);
  EXPECT_EQ(choose("fused", "").index, 1u);
  EXPECT_EQ(choose("", "").index, 2u);
}

TEST(Isa, SaysWhyABetterOneWasRefused) {
  EXPECT_EQ(choose("wide fused", "middle").refusals, std::vector<std::string>{"capped by MICA_ISA=middle"});
  EXPECT_EQ(choose("", "small").refusals, (std::vector<std::string>{"CPU lacks wide, fused", "CPU lacks fused"}));
  EXPECT_TRUE(choose("wide fused", "big").refusals.empty());
}

TEST(Isa, IgnoresAnUnknownCap) {
  const IsaChoice choice = choose("wide fused", "huge");
  EXPECT_EQ(choice.index, 0u);
  EXPECT_EQ(choice.note, "MICA_ISA=huge is ignored: this build has big, middle, small");
}

TEST(Isa, TheListOfThisBuild) {
  ASSERT_FALSE(isas().empty());
  EXPECT_EQ(isas().back().name, "scalar");
  for (size_t i = 1; i < isas().size(); ++i) EXPECT_GT(isas()[i - 1].rank, isas()[i].rank);
  EXPECT_TRUE(lacking(isas().back()).empty());
  EXPECT_TRUE(lacking(isas()[isa_choice().index]).empty());
  EXPECT_EQ(isa_choice().refusals.size(), isa_choice().index);
}

TEST(Isa, AnotherCanBeUsedForAWhile) {
  const size_t chosen = isa_choice().index, scalar = isas().size() - 1;
  EXPECT_EQ(isa_in_use(), chosen);
  {
    const UseIsa use(scalar);
    EXPECT_EQ(isa_in_use(), scalar);
    EXPECT_EQ(&unary_kernels(), unary_kernels_all().rows[scalar].table);
  }
  EXPECT_EQ(isa_in_use(), chosen);
  EXPECT_EQ(&unary_kernels(), unary_kernels_all().rows[chosen].table);
}

}  // namespace
}  // namespace mica
