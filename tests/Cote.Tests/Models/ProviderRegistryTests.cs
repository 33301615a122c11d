using System.ComponentModel.DataAnnotations;
using Cote.Models;

namespace Cote.Tests.Models;

public sealed class ProviderRegistryTests
{
    [Fact]
    public void Without_any_key_the_demo_answers()
    {
        var catalogue = ProviderRegistry.From(new AssistantsOptions(), TimeProvider.System).Catalogue;

        catalogue.Default.ShouldBe(new CatalogueModel("demo/demo", "demo", true, 32_768, true, false, true));
        catalogue.Models.Select(model => model.Id).ShouldBe([
            "demo/demo", "demo/slow", "demo/long", "demo/instant", "demo/fail-mid-way", "demo/stall",
            "demo/rate-limited", "demo/thinks", "demo/cites", "demo/tool", "demo/approval", "demo/client-tool",
            "demo/fail-in-tool", "demo/expensive"]);
        catalogue.Contains("demo/long").ShouldBeTrue();
        catalogue.Contains("openai/gpt-4.1-mini").ShouldBeFalse();
    }

    [Theory]
    [InlineData(true, true, "openai/gpt-4.1-mini")]
    [InlineData(true, false, "openai/gpt-4.1-mini")]
    [InlineData(false, true, "anthropic/claude-sonnet-4-5")]
    public void The_first_configured_provider_answers(bool openai, bool anthropic, string expected)
    {
        var options = new AssistantsOptions();
        options.OpenAI.ApiKey = openai ? new Secret("k") : null;
        options.Anthropic.BaseUrl = anthropic ? "http://localhost:1" : null;

        ProviderRegistry.From(options, TimeProvider.System).Catalogue.Default.Id.ShouldBe(expected);
    }

    [Fact]
    public void Further_models_are_a_list_or_one_text_with_commas_and_may_hold_slashes()
    {
        var options = new AssistantsOptions();
        options.OpenAI.BaseUrl = "http://localhost:1/v1/";
        options.OpenAI.Model = "llama3.2";
        options.OpenAI.Models.Add("qwen3, meta/llama-4 ,");
        options.OpenAI.Models.Add("llama3.2");
        options.OpenAI.ContextTokens = 8_000;

        var providers = ProviderRegistry.From(options, TimeProvider.System);

        var provider = providers.Providers[0];
        provider.Models.ShouldBe(["llama3.2", "qwen3", "meta/llama-4"]);
        provider.DefaultModel.ShouldBe("llama3.2");
        provider.ContextTokens.ShouldBe(8_000);
        providers.Find("openai/meta/llama-4").ShouldBe((provider, "meta/llama-4"));
        providers.Find("openai/gone").ShouldBeNull();
        providers.Find("nonsense").ShouldBeNull();
        provider.Open("qwen3").ShouldBeSameAs(provider.Open("qwen3"));
        provider.Open("qwen3").ShouldNotBeSameAs(provider.Open("llama3.2"));
    }

    [Theory]
    [InlineData("demo/slow", "demo/slow")]
    [InlineData("demo", "demo/demo")]
    [InlineData(" ", "openai/gpt-4.1-mini")]
    public void The_default_may_be_named(string named, string expected)
    {
        var options = new AssistantsOptions { Default = named };
        options.OpenAI.ApiKey = new Secret("k");

        var catalogue = ProviderRegistry.From(options, TimeProvider.System).Catalogue;

        catalogue.Default.Id.ShouldBe(expected);
        catalogue.Models.Count(model => model.Default).ShouldBe(1);
    }

    [Fact]
    public void An_unknown_default_is_refused_in_a_sentence_that_names_the_setting()
    {
        var thrown = Should.Throw<StartupException>(() =>
            ProviderRegistry.From(new AssistantsOptions { Default = "openai/gpt-9" }, TimeProvider.System));

        thrown.Message.ShouldContain("Cote__Assistants__Default");
        thrown.Message.ShouldContain("openai/gpt-9");
        thrown.Message.ShouldContain("demo/demo");
    }

    [Fact]
    public void A_provider_of_the_hosts_own_stands_before_the_demo()
    {
        var own = new Provider("mine", ["parrot"], model => new DemoChatClient(model, TimeProvider.System));

        var providers = ProviderRegistry.From(new AssistantsOptions(), TimeProvider.System, own);

        providers.Catalogue.Default.Id.ShouldBe("mine/parrot");
    }

    [Theory]
    [InlineData("http://localhost:1/v1/chat/completions", "k", "BaseUrl")]
    [InlineData("http://localhost:1/v1/chat/completions/?api-version=1", "k", "BaseUrl")]
    [InlineData("https://gateway/v1/messages", "k", "BaseUrl")]
    [InlineData("localhost:1/v1", "k", "BaseUrl")]
    [InlineData("\"http://localhost:1/v1\"", "k", "BaseUrl")]
    [InlineData("ftp://localhost/v1", "k", "BaseUrl")]
    [InlineData(null, "sk-\u0445", "ApiKey")]
    [InlineData(null, "sk-a\nsk-b", "ApiKey")]
    [InlineData(null, "“sk-a”", "ApiKey")]
    [InlineData(" http://localhost:1/chat/v1\r\n", " sk-a\r\n", null)]
    public void What_people_paste_by_mistake_stops_the_start(string? url, string key, string? member)
    {
        foreach (var options in (ProviderOptions[])[new OpenAIOptions(), new AnthropicOptions()])
        {
            (options.BaseUrl, options.ApiKey) = (url, new Secret(key));

            var wrong = options.Validate(new ValidationContext(options)).ToList();

            wrong.SelectMany(x => x.MemberNames).ShouldBe(member is null ? [] : [member]);
            wrong.ShouldAllBe(x => !x.ErrorMessage!.Contains("sk-"));
        }
    }
}
