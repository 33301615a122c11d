using System.Reflection;

namespace Cote.Tests.House;

public sealed class ProblemsDocTests
{
    [Fact]
    public void Every_problem_is_listed_in_the_api_page()
    {
        var page = File.ReadAllText(Repository.Path("docs/api.md"));
        var problems = typeof(Problems)
            .GetFields(BindingFlags.Public | BindingFlags.Static).Select(x => (Problem)x.GetValue(null)!).ToList();

        problems.Count.ShouldBeGreaterThan(15);
        problems.Select(x => x.Code).Distinct().Count().ShouldBe(problems.Count);
        problems.Where(x => !page.Contains($"`{x.Code}`", StringComparison.Ordinal))
            .Select(x => x.Code).ShouldBeEmpty();
        page.ShouldContain("`validation_error`");
    }

    [Fact]
    public void Every_problem_says_its_status_and_code()
    {
        foreach (var field in typeof(Problems).GetFields(BindingFlags.Public | BindingFlags.Static))
            Docstrings.Of(field).ShouldStartWith(
                $"{((Problem)field.GetValue(null)!).Status} `{((Problem)field.GetValue(null)!).Code}`");
    }
}
