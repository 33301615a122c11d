using System.Text.RegularExpressions;

namespace Cote.Tests.House;

public sealed partial class ProvidersDocTests
{
    [Fact]
    public void Each_test_that_the_page_on_providers_names_exists()
    {
        var tests = typeof(ProvidersDocTests).Assembly.GetTypes().SelectMany(x => x.GetMethods())
            .Where(x => x.IsDefined(typeof(FactAttribute), inherit: true)).Select(x => x.Name).ToHashSet();

        var page = File.ReadAllText(Repository.Path("docs/providers.md"));
        var named = TestName().Matches(page).Select(x => x.Groups[1].Value).ToList();

        named.Count.ShouldBeGreaterThan(30);
        named.ShouldBeSubsetOf(tests);
    }

    [GeneratedRegex("`([A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+){3,})`")]
    private static partial Regex TestName();
}
