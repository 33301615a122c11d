using System.Text.Json;
using Cote.Models;
using Cote.Tests.Harness;
using Microsoft.Extensions.AI;

namespace Cote.Tests.Models;

/// <summary>Providers by names of the owner's own, their headers, and the models that their servers list.</summary>
public sealed class NamedProviderTests : IAsyncLifetime
{
    FakeModelServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await FakeModelServer.Start();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Endpoints_of_both_kinds_answer_side_by_side()
    {
        var options = new AssistantsOptions();
        options.Providers.Add("groq", Named("openai", "llama", "k1"));
        options.Providers.Add("claude", Named("anthropic", "sonnet", "k2"));
        options.OpenAI.BaseUrl = _server.OpenAiUrl;
        var registry = ProviderRegistry.From(options, TimeProvider.System);

        registry.Catalogue.Default.Id.ShouldBe("openai/gpt-4.1-mini");
        registry.Catalogue.Resolve("groq").ShouldBe("groq/llama");
        await AskAsync(registry, "groq/llama");
        await AskAsync(registry, "claude/sonnet");
        await AskAsync(registry, "openai/gpt-4.1-mini");

        _server.Requests.Select(x => (x.Wire, x.Model, x.Headers.GetValueOrDefault("Authorization"))).ShouldBe([
            ("openai", "llama", "Bearer k1"), ("anthropic", "sonnet", "Bearer k2"), ("openai", "gpt-4.1-mini", null)]);
        registry.Providers.Select(x => (x.Name, x.ThinkTags)).ShouldBe(
            [("openai", true), ("groq", true), ("claude", false), ("demo", false)]);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task Configured_headers_are_sent_and_go_before_our_own(string kind)
    {
        var named = Named(kind, "m", "key");
        named.Headers.Add("X-Team", new(" birds\n"));
        named.Headers.Add("authorization", new("Custom abc"));
        named.Headers.Add("user-agent", new("mine/1"));
        var options = new AssistantsOptions();
        options.Providers.Add("own", named);

        await AskAsync(ProviderRegistry.From(options, TimeProvider.System), "own/m");

        var headers = _server.Requests[0].Headers;
        (headers["X-Team"], headers["Authorization"], headers["User-Agent"])
            .ShouldBe(("birds", "Custom abc", "mine/1"));
    }

    [Theory]
    [InlineData("openai", "https://api.openai.com/v1", null, false)]
    [InlineData("openai", null, null, false)]
    [InlineData("openai", "https://x.openai.azure.com/openai/v1", null, false)]
    [InlineData("openai", "https://openai.com.example/v1", null, true)]
    [InlineData("openai", "http://localhost:1/v1", false, false)]
    [InlineData("openai", null, true, true)]
    [InlineData("anthropic", "http://localhost:1", null, false)]
    [InlineData("anthropic", "http://localhost:1", true, true)]
    public void Think_tags_are_read_but_from_OpenAI_itself(string kind, string? url, bool? said, bool expected)
    {
        var named = Named(kind, "m");
        (named.BaseUrl, named.ThinkTags) = (url, said);
        var options = new AssistantsOptions();
        options.Providers.Add("own", named);

        ProviderRegistry.From(options, TimeProvider.System).Providers[0].ThinkTags.ShouldBe(expected);
    }

    [Fact]
    public void Single_models_differ_from_their_provider()
    {
        var named = Named("openai", "big");
        named.Models.Add("meta/small-1.5:free");
        (named.ContextTokens, named.MaxTokens, named.Temperature, named.Vision) = (100_000, 4_000, 0.5, false);
        named.ModelSettings.Add(new()
        {
            Name = "meta/small-1.5:free",
            ContextTokens = 8_000,
            Temperature = 0.1,
            Vision = true,
            Audio = true,
            Tools = false,
        });
        var options = new AssistantsOptions();
        options.Providers.Add("own", named);

        var registry = ProviderRegistry.From(options, TimeProvider.System);

        registry.Catalogue.Models.Take(2).ShouldBe([
            new("own/big", "own", true, 100_000, false, false, true),
            new("own/meta/small-1.5:free", "own", false, 8_000, true, true, false)]);
        var (provider, model) = registry.Find("own/meta/small-1.5:free")!.Value;
        (provider.MaxTokensOf(model), provider.TemperatureOf(model)).ShouldBe((4_000, 0.1));
        (provider.MaxTokensOf("big"), provider.TemperatureOf("big")).ShouldBe((4_000, 0.5));
        (provider.TakesTools("big"), provider.TakesTools(model), provider.Hears(model)).ShouldBe((true, false, true));

        named.ModelSettings.Add(new() { Name = "meta/small-1.5:free" });
        Should.Throw<StartupException>(() => ProviderRegistry.From(options, TimeProvider.System)).Message
            .ShouldBe("The settings of provider own name the model `meta/small-1.5:free` twice.");
    }

    [Fact]
    public void Two_providers_of_one_name_stop_the_start()
    {
        var options = new AssistantsOptions();
        options.Providers.Add("mine", Named("openai", "m"));

        Should.Throw<StartupException>(() => ProviderRegistry.From(options, TimeProvider.System,
            new Provider("mine", ["parrot"], _ => new DemoChatClient("demo", TimeProvider.System))))
            .Message.ShouldBe("There are two providers of the name `mine`.");
    }

    [Fact]
    public void The_order_of_fallbacks_leaves_out_the_model_itself()
    {
        var options = new AssistantsOptions();
        foreach (var name in (string[])["demo/slow", " demo ", "demo/long", "demo/demo"])
            options.Fallback.Add(name);

        var registry = ProviderRegistry.From(options, TimeProvider.System);

        registry.FallbacksOf("demo/demo").ShouldBe(["demo/slow", "demo/long"]);
        registry.FallbacksOf("openai/gone").ShouldBe(["demo/slow", "demo/demo", "demo/long"]);
        ProviderRegistry.From(new AssistantsOptions(), TimeProvider.System).FallbacksOf("demo/demo").ShouldBeEmpty();

        options.Fallback.Add("openai/gone");
        Should.Throw<StartupException>(() => ProviderRegistry.From(options, TimeProvider.System)).Message
            .ShouldStartWith("Cote__Assistants__Fallback names `openai/gone`, which is not configured.");
    }

    [Theory]
    [InlineData("openai", """{"object":"list","data":[{"id":"llama"},{"id":"meta/new:free"},{"id":"bad name"},{"id":""},7]}""")]
    [InlineData("openai", """{"models":[{"name":"llama"},"meta/new:free",{"id":"meta/new:free"}]}""")]
    [InlineData("openai", """["meta/new:free"]""")]
    [InlineData("anthropic", """{"data":[{"type":"model","id":"meta/new:free","display_name":"New"}],"has_more":false}""")]
    public async Task The_server_says_itself_which_models_it_has(string kind, string body)
    {
        var time = Time();
        _server.Models = body;
        var registry = Listing(kind, time);
        var catalogue = registry.Catalogue;
        catalogue.Resolve("own/anything").ShouldBe("own/anything", "nobody has asked the server yet");
        catalogue.Resolve("own/bad name").ShouldBeNull();
        _server.Listings.ShouldBeEmpty();

        await catalogue.RefreshAsync(CancellationToken.None);
        await catalogue.RefreshAsync(CancellationToken.None);

        _server.Listings.ShouldHaveSingleItem()["Authorization"].ShouldBe("Bearer key");
        catalogue.Models.Where(x => x.Provider == "own").Select(x => x.Id)
            .ShouldBe(body.Contains("llama", StringComparison.Ordinal)
                ? ["own/configured", "own/llama", "own/meta/new:free"] : ["own/configured", "own/meta/new:free"]);
        catalogue.Resolve("own/meta/new:free").ShouldBe("own/meta/new:free");
        catalogue.Resolve("own/anything").ShouldBeNull();
        registry.Find("own/anything").ShouldNotBeNull("a chat keeps the model that it chose");
        registry.Find("demo/anything").ShouldBeNull();

        _server.Models = """{"data":[]}""";
        time.Shift = TimeSpan.FromMinutes(2);
        await catalogue.RefreshAsync(CancellationToken.None);
        catalogue.Models.Where(x => x.Provider == "own").Select(x => x.Id).ShouldBe(["own/configured"]);
    }

    [Fact]
    public async Task A_server_that_is_away_leaves_what_is_known()
    {
        var time = Time();
        var catalogue = Listing("openai", time).Catalogue;

        await catalogue.RefreshAsync(CancellationToken.None);
        catalogue.Models.ShouldContain(x => x.Id == "own/configured");
        catalogue.Resolve("own/later").ShouldBe("own/later");
        await catalogue.RefreshAsync(CancellationToken.None);
        _server.Listings.Count.ShouldBe(1, "it is not asked again at once");

        _server.Models = """{"data":[{"id":"later"}]}""";
        time.Shift = TimeSpan.FromSeconds(31);
        await catalogue.RefreshAsync(CancellationToken.None);
        catalogue.Models.ShouldContain(x => x.Id == "own/later");

        string?[] broken = [null, "<html>", "{}", "{\"data\":{}}", new string(' ', 9_000_000) + "[]"];
        foreach (var (n, body) in broken.Index())
        {
            _server.Models = body;
            time.Shift = TimeSpan.FromMinutes(2 * (n + 1));
            await catalogue.RefreshAsync(CancellationToken.None);
            catalogue.Models.ShouldContain(x => x.Id == "own/later");
        }
        _server.Listings.Count.ShouldBe(7);
    }

    [Fact]
    public async Task A_list_without_end_is_cut()
    {
        _server.Models = JsonSerializer.Serialize(
            Enumerable.Range(0, 5_000).Select(x => $"m{x}").Prepend(new('x', 201)));
        var catalogue = Listing("openai", Time()).Catalogue;

        await catalogue.RefreshAsync(CancellationToken.None);

        catalogue.Models.Count(x => x.Provider == "own").ShouldBe(1_001);
    }

    [Fact]
    public async Task The_list_of_models_says_what_each_can_do()
    {
        _server.Models = """{"data":[{"id":"listed"}]}""";
        await using var app = await CoteApp.StartAsync(
            $"Assistants:Providers:own:BaseUrl={_server.OpenAiUrl}", "Assistants:Providers:own:Model=first",
            "Assistants:Providers:own:Models=*", "Assistants:Providers:own:ModelSettings:0:Name=listed",
            "Assistants:Providers:own:ModelSettings:0:ContextTokens=8000",
            "Assistants:Providers:own:ModelSettings:0:Tools=false");
        using var client = await app.RegisterAsync();

        var models = (await client.GetAsync("/models")).Json;

        models.EnumerateArray().Single(x => x.GetProperty("id").GetString() == "own/listed").GetRawText().ShouldBe(
            """{"id":"own/listed","provider":"own","default":false,"context_tokens":8000,"vision":true,"audio":false,"tools":false}""");
        models.EnumerateArray().ShouldContain(x => x.GetProperty("id").GetString() == "own/first");
        (await client.PostAsync("/chats/", new { title = "Birds", model = "own/listed" }))["model"]
            .ShouldBe("own/listed");
    }

    // Its timers run as they do; what measures time is set ahead.
    static HeldTime Time() => new(TimeSpan.MaxValue);

    ProviderRegistry Listing(string kind, TimeProvider time)
    {
        var named = Named(kind, "configured", "key");
        named.Models.Add("*");
        var options = new AssistantsOptions();
        options.Providers.Add("own", named);
        return ProviderRegistry.From(options, time);
    }

    NamedProviderOptions Named(string kind, string model, string? key = null) => new()
    {
        Kind = kind,
        Model = model,
        ApiKey = key is null ? null : new(key),
        BaseUrl = kind == "openai" ? _server.OpenAiUrl : _server.AnthropicUrl,
    };

    static async Task AskAsync(ProviderRegistry registry, string id)
    {
        var (provider, model) = registry.Find(id)!.Value;
        (await provider.Open(model).GetResponseAsync("Hi").InTimeAsync()).Text.ShouldBe("Hello world");
    }
}
