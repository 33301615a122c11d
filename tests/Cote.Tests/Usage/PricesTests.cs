using Cote.Models;
using Cote.Tests.Harness;
using Cote.Usage;

namespace Cote.Tests.Usage;

/// <summary>Where a price comes from, and what it makes of tokens.</summary>
[Trait("Rows", "none")]
public sealed class PricesTests : IDisposable
{
    readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void The_configuration_comes_before_the_file_and_the_whole_name_before_the_models()
    {
        File.WriteAllText(_file, """
            {"sample_spec": {"input_cost_per_token": "text"},
             "b": {"input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07, "cache_read_input_token_cost": 7.5e-08},
             "openai/b": {"input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "mode": "chat"},
             "c": {"max_tokens": 4096}, "d": {"input_cost_per_token": 1e-6}}
            """);
        var options = new PricesOptions { File = _file };
        options.Items.Add(new() { Model = "a", Input = 1, Output = 2 });
        options.Items.Add(new() { Model = "openai/a", Input = 3, Output = 15, CachedInput = 0.3m });

        var prices = new Prices(
            options, CatalogueOf("openai/a", "other/a", "openai/b", "other/b", "x/c", "x/d", "x/e"), new());

        prices.Find("openai/a").ShouldBe(new Price(3_000_000_000, 15_000_000_000, 300_000_000));
        prices.Find("other/a").ShouldBe(new Price(1_000_000_000, 2_000_000_000, 1_000_000_000));
        prices.Find("openai/b").ShouldBe(new Price(1_000_000_000, 2_000_000_000, 1_000_000_000));
        prices.Find("other/b").ShouldBe(new Price(150_000_000, 600_000_000, 75_000_000));
        foreach (var unknown in new[] { "x/c", "x/d", "x/e" })
            prices.Find(unknown).ShouldBeNull();
    }

    [Theory]
    [InlineData("[]", "names a file that holds no JSON object")]
    [InlineData("{", "names a file that is no JSON")]
    [InlineData(
        """{"a":{"input_cost_per_token":"1","output_cost_per_token":1}}""", "input_cost_per_token of a is no price")]
    [InlineData(
        """{"a":{"input_cost_per_token":-1,"output_cost_per_token":1}}""", "input_cost_per_token of a is no price")]
    [InlineData(
        """{"a":{"input_cost_per_token":1e-6,"output_cost_per_token":5}}""", "output_cost_per_token of a is no price")]
    public void A_file_that_is_none_is_said_at_the_start(string json, string sentence)
    {
        File.WriteAllText(_file, json);

        Should.Throw<StartupException>(() => new Prices(new() { File = _file }, CatalogueOf("x/a"), new()))
            .Message.ShouldContain(sentence);
    }

    [Fact]
    public void A_file_that_is_not_there_is_said_at_the_start() =>
        Should.Throw<StartupException>(() => new Prices(new() { File = _file + ".none" }, CatalogueOf("x/a"), new()))
            .Message.ShouldStartWith("Cote__Prices__File names a file that cannot be read");

    [Fact]
    public void What_tokens_cost_is_whole_nano_dollars()
    {
        var price = new Price(3_000_000_000, 15_000_000_000, 300_000_000);

        price.CostOf(1_000_000, 1_000_000).ShouldBe(18_000_000_000);
        price.CostOf(1, 0).ShouldBe(3_000);
        price.CostOf(1_000, 10, cached: 400).ShouldBe(600 * 3_000 + 400 * 300 + 10 * 15_000);
        price.CostOf(10, 0, cached: 20).ShouldBe(10 * 300, "no more can come from a cache than there is");
        price.OutputFor(price.CostOf(100, 50), 100).ShouldBe(50);
        price.OutputFor(10, 100).ShouldBe(0);
        new Price(0, 0, 0).OutputFor(0, 100).ShouldBe(long.MaxValue);
        Price.Of(Price.MostUsd, Price.MostUsd, null).CostOf(100_000_000, 100_000_000).ShouldBe(2_000_000_000_000_000);
    }

    [Fact]
    public async Task The_setting_is_read_by_the_server()
    {
        File.WriteAllText(_file, """{"fake": {"input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6}}""");
        await using var app = await CoteApp.StartAsync("Prices:File=" + _file);
        using var ada = await app.RegisterAsync();

        await ada.ReplyAsync(await ada.CreateChatAsync(), "hello");

        (await ada.UsageAsync()).GetProperty("cost_usd").GetDecimal().ShouldBe(0.000018m);
    }

    static ModelCatalogue CatalogueOf(params string[] ids) => new(
        [.. ids.Select(x => x.Split('/', 2)).GroupBy(x => x[0], x => x[1])
            .Select(x => new Provider(x.Key, x, _ => null!))],
        ids[0], 32_768);
}
