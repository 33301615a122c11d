using Microsoft.Extensions.Configuration;

namespace Cote.Tests;

public sealed class ConfigurationTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("cote-settings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Nothing_need_be_said()
    {
        var options = Read();

        options.Auth.AccessTokenMinutes.ShouldBe(1_440);
        options.Data.Directory.ShouldBe("data");
        options.Http.TrustedProxies.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_said_counts_in_any_case_and_what_is_empty_does_not()
    {
        var options = Read(
            "Cote:auth:ACCESSTOKENMINUTES=5", "Cote:Data:Directory=", "Cote:Assistants:Temperature=0.5",
            "Cote:Http:LogFormat=json",
            "Cote:Assistants:OpenAI:MaxTokens=7", "Cote:Auth:SigningKey=secret");

        options.Auth.AccessTokenMinutes.ShouldBe(5);
        options.Data.Directory.ShouldBe("data");
        options.Assistants.Temperature.ShouldBe(0.5);
        options.Http.LogFormat.ShouldBe("json");
        options.Assistants.OpenAI.MaxTokens.ShouldBe(7);
        options.Auth.SigningKey!.Reveal().ShouldBe("secret");
        $"{options.Auth.SigningKey}".ShouldBe("***");
    }

    [Theory]
    [InlineData("Cote:Http:CorsOrigins=https://a.example, https://b.example ,")]
    [InlineData("Cote:Http:CorsOrigins:0=https://a.example|Cote:Http:CorsOrigins:1=https://b.example")]
    [InlineData("Cote:Http:CorsOrigins:0=https://a.example|Cote:Http:CorsOrigins:7=https://b.example")]
    public void A_list_is_one_text_with_commas_or_one_variable_an_item(string settings) =>
        Read(settings.Split('|')).Http.CorsOrigins.ShouldBe(["https://a.example", "https://b.example"]);

    [Theory]
    [InlineData("Cote:Nonsense=1", "Cote__Nonsense is not a setting of Cote. docs/configuration.md lists them all.")]
    [InlineData("Cote:Auth:AccesTokenMinutes=1",
        "Cote__Auth__AccesTokenMinutes is not a setting of Cote. docs/configuration.md lists them all.")]
    [InlineData("Cote:Nonsense:Deep:Down=1",
        "Cote__Nonsense is not a setting of Cote. docs/configuration.md lists them all.")]
    [InlineData("Cote:Data:Directory_File=x",
        "Cote__Data__Directory_File is not a setting of Cote. docs/configuration.md lists them all.")]
    [InlineData("Cote:Data=x", "Cote__Data is a part and not a setting of Cote. docs/configuration.md lists them all.")]
    [InlineData("Cote:Auth:AccessTokenMinutes=soon",
        "Cote__Auth__AccessTokenMinutes has a value that cannot be read as a whole number.")]
    [InlineData("Cote:Auth:AccessTokenMinutes=1.5",
        "Cote__Auth__AccessTokenMinutes has a value that cannot be read as a whole number.")]
    [InlineData("Cote:Auth:AccessTokenMinutes=99999999999",
        "Cote__Auth__AccessTokenMinutes has a value that cannot be read as a whole number.")]
    [InlineData("Cote:Assistants:Temperature=warm",
        "Cote__Assistants__Temperature has a value that cannot be read as a number.")]
    [InlineData("Cote:Assistants:OpenAI:MaxTokens=x",
        "Cote__Assistants__OpenAI__MaxTokens has a value that cannot be read as a whole number.")]
    [InlineData("Cote:Auth:AccessTokenMinutes=0",
        "Cote__Auth__AccessTokenMinutes is wrong: The field AccessTokenMinutes must be between 1 and 525600.")]
    [InlineData("Cote:Assistants:Anthropic:Temperature=3",
        "Cote__Assistants__Anthropic__Temperature is wrong: The field Temperature must be between 0 and 2.")]
    [InlineData("Cote:Http:LogFormat=xml", "Cote__Http__LogFormat is wrong: LogFormat is one of console, json.")]
    [InlineData("Cote:Assistants:OpenAI:BaseUrl=localhost",
        "Cote__Assistants__OpenAI__BaseUrl is wrong: `localhost` is not a URL that begins with http:// or https://.")]
    [InlineData("Cote:Auth:SigningKey_File=/nowhere/key",
        "Cote__Auth__SigningKey_File names a file that cannot be read: /nowhere/key.")]
    [InlineData("Cote:Auth:SigningKey_File=/", "Cote__Auth__SigningKey_File names a file that cannot be read: /.")]
    public void A_mistake_is_one_sentence_that_names_the_variable(string setting, string sentence) =>
        Should.Throw<StartupException>(() => Read(setting)).Message.ShouldBe(sentence);

    [Theory]
    [InlineData("Cote:Assistants:Providers=groq",
        "Cote__Assistants__Providers is a part and not a setting of Cote. docs/configuration.md lists them all.")]
    [InlineData("Cote:Assistants:Providers:groq=x",
        "Cote__Assistants__Providers__groq is a part and not a setting of Cote. docs/configuration.md lists them all.")]
    [InlineData("Cote:Assistants:Providers:groq:Modell=x",
        "Cote__Assistants__Providers__groq__Modell is not a setting of Cote. docs/configuration.md lists them all.")]
    [InlineData("Cote:Assistants:Providers:groq:BaseUrl=http://h/v1",
        "Cote__Assistants__Providers__groq__Model is wrong: it names the default model and must be set.")]
    [InlineData("Cote:Assistants:Providers:groq:Model=m|Cote:Assistants:Providers:groq:Kind=gemini",
        "Cote__Assistants__Providers__groq__Kind is wrong: Kind is one of openai, anthropic.")]
    [InlineData("Cote:Assistants:Providers:groq:Model=m|Cote:Assistants:Providers:groq:Vision=maybe",
        "Cote__Assistants__Providers__groq__Vision has a value that cannot be read as Boolean.")]
    [InlineData("Cote:Assistants:Providers:groq:Model=m|Cote:Assistants:Providers:groq:ModelSettings:0:MaxTokens=few",
        "Cote__Assistants__Providers__groq__ModelSettings__0__MaxTokens has a value that cannot be read as a whole number.")]
    [InlineData("Cote:Assistants:Providers:groq:Model=m|Cote:Assistants:Providers:groq:ModelSettings:0:MaxTokens=5",
        "Cote__Assistants__Providers__groq__ModelSettings__0__Name is wrong: it names the model and must be set.")]
    [InlineData("Cote:Assistants:OpenAI:ModelSettings:0:Name=m|Cote:Assistants:OpenAI:ModelSettings:0:Temperature=3",
        "Cote__Assistants__OpenAI__ModelSettings__0__Temperature is wrong: "
            + "The field Temperature must be between 0 and 2.")]
    [InlineData("Cote:Assistants:OpenAI:ModelSettings:0=m",
        "Cote__Assistants__OpenAI__ModelSettings__0 is a part and not a setting of Cote. "
            + "docs/configuration.md lists them all.")]
    [InlineData("Cote:Assistants:Providers:my_groq:Model=m",
        "Cote__Assistants__Providers__my_groq is wrong: the name of a provider is 1 to 32 of a-z, 0-9 and -.")]
    [InlineData("Cote:Assistants:Providers:demo:Model=m",
        "Cote__Assistants__Providers__demo is wrong: a provider of that name is there already.")]
    [InlineData("Cote:Assistants:Providers:openai:Model=m|OPENAI_API_KEY=k",
        "Cote__Assistants__Providers__openai is wrong: a provider of that name is there already.")]
    [InlineData("Cote:Assistants:OpenAI:Headers:X Y=secret",
        "Cote__Assistants__OpenAI__Headers__X Y is wrong: it is no name of an HTTP header.")]
    [InlineData("Cote:Assistants:OpenAI:Headers:content-length=5",
        "Cote__Assistants__OpenAI__Headers__content-length is wrong: Cote sets this header itself.")]
    [InlineData("Cote:Assistants:OpenAI:Headers:X-Team=sécret",
        "Cote__Assistants__OpenAI__Headers__X-Team is wrong: it holds a character that cannot stand in an HTTP header.")]
    public void A_mistake_below_a_name_or_a_number_is_one_sentence_too(string settings, string sentence) =>
        Should.Throw<StartupException>(() => Read(settings.Split('|'))).Message.ShouldBe(sentence);

    [Fact]
    public void A_secret_may_stand_in_a_file()
    {
        var file = Path.Combine(_folder, "key");
        File.WriteAllText(file, "from a file\n");

        Read($"Cote:Auth:SigningKey_File={file}").Auth.SigningKey!.Reveal().ShouldBe("from a file");
        Read($"Cote:Assistants:OpenAI:ApiKey_File={file}", "OPENAI_API_KEY=alias").Assistants.OpenAI.ApiKey!.Reveal()
            .ShouldBe("from a file");
        Read("Cote:Auth:SigningKey_File=").Auth.SigningKey.ShouldBeNull();
    }

    [Fact]
    public void Providers_stand_side_by_side_under_names_of_the_owners_own()
    {
        var file = Path.Combine(_folder, "team");
        File.WriteAllText(file, "secret\n");

        var providers = Read(
            "Cote:Assistants:Providers:groq:BaseUrl=https://groq.example/v1",
            "Cote:Assistants:Providers:groq:Model=llama", "Cote:Assistants:Providers:groq:Models=a/b:c, *",
            $"Cote:Assistants:Providers:groq:Headers:X-Team_File={file}",
            "Cote:Assistants:Providers:groq:Headers:HTTP-Referer=https://me.example",
            "Cote:Assistants:Providers:groq:ModelSettings:0:Name=a/b:c",
            "Cote:Assistants:Providers:groq:ModelSettings:0:Vision=false",
            "Cote:Assistants:Providers:claude-2:kind=anthropic", "Cote:Assistants:Providers:claude-2:Model=c")
            .Assistants.Providers;

        providers.Keys.Order().ShouldBe(["claude-2", "groq"]);
        var groq = providers["groq"];
        groq.Models.ShouldBe(["a/b:c", "*"]);
        groq.Headers.ToDictionary(x => x.Key, x => x.Value.Reveal()).ShouldBe(new Dictionary<string, string>
        {
            ["HTTP-Referer"] = "https://me.example",
            ["X-Team"] = "secret",
        }, ignoreOrder: true);
        $"{groq.Headers["x-team"]}".ShouldBe("***");
        groq.ModelSettings.Single().ShouldSatisfyAllConditions(
            x => x.Name.ShouldBe("a/b:c"), x => x.Vision.ShouldBe(false), x => x.Tools.ShouldBeNull());
        providers["claude-2"].Kind.ShouldBe("anthropic");
    }

    [Fact]
    public void An_empty_secret_file_is_a_mistake_and_no_missing_secret()
    {
        var file = Path.Combine(_folder, "empty");
        File.WriteAllText(file, "\n");

        Should.Throw<StartupException>(() => Read($"Cote:Auth:SigningKey_File={file}")).Message
            .ShouldBe($"Cote__Auth__SigningKey_File names a file that is empty: {file}.");
    }

    [Fact]
    public void The_names_that_the_providers_use_are_understood_but_ours_go_before()
    {
        var options = Read("OPENAI_API_KEY=theirs", "OPENAI_BASE_URL=http://localhost:1/v1", "ANTHROPIC_API_KEY=theirs",
            "ANTHROPIC_BASE_URL=http://localhost:2", "Cote:Assistants:Anthropic:ApiKey=ours").Assistants;

        (options.OpenAI.ApiKey!.Reveal(), options.OpenAI.BaseUrl).ShouldBe(("theirs", "http://localhost:1/v1"));
        (options.Anthropic.ApiKey!.Reveal(), options.Anthropic.BaseUrl).ShouldBe(("ours", "http://localhost:2"));
    }

    [Theory]
    [InlineData("Http:TrustedProxies=proxy",
        "Cote__Http__TrustedProxies holds `proxy`, which is neither an address nor a network such as 10.0.0.0/8.")]
    [InlineData("Assistants:Default=nobody/none",
        "Cote__Assistants__Default names `nobody/none`, which is not configured. Configured are: demo/demo, "
        + "demo/slow, demo/long, demo/instant, demo/fail-mid-way, demo/stall, demo/rate-limited, demo/thinks, demo/cites, "
        + "demo/tool, demo/approval, demo/client-tool, demo/fail-in-tool, demo/expensive.")]
    [InlineData("Auth:SigningKey=short",
        "Cote__Auth__SigningKey has 5 bytes; it needs at least 32 (for example: openssl rand -base64 48).")]
    [InlineData("Nonsense=1", "Cote__Nonsense is not a setting of Cote. docs/configuration.md lists them all.")]
    public async Task What_only_its_room_can_know_is_said_before_the_server_takes_work(
        string setting, string sentence) =>
        (await Should.ThrowAsync<StartupException>(StartAsync($"--Cote:{setting}"))).Message.ShouldBe(sentence);

    [Theory]
    [InlineData("")]
    [InlineData("not base64")]
    [InlineData("c2hvcnQ=")]
    public async Task A_signing_key_that_is_broken_is_said_and_not_replaced(string text)
    {
        var file = Path.Combine(_folder, "signing.key");
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);

        (await Should.ThrowAsync<StartupException>(StartAsync())).Message.ShouldBe(
            $"The signing key in {file} is broken. Remove the file to have a new one made; "
                + "everyone then logs in again.");
        (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).ShouldBe(text);
    }

    [Fact]
    public async Task A_second_server_on_the_same_data_is_refused_in_one_sentence()
    {
        string[] args = ["--urls=http://127.0.0.1:0", $"--Cote:Data:Directory={_folder}"];
        await using var first = CoteHost.Create(args);
        await first.StartAsync(TestContext.Current.CancellationToken);
        await using var second = CoteHost.Create(args);

        var refusal = await Should.ThrowAsync<StartupException>(
            second.StartAsync(TestContext.Current.CancellationToken));
        await first.StopAsync(TestContext.Current.CancellationToken);

        refusal.Message.ShouldStartWith("Another process is using the database ");
        refusal.Message.ShouldEndWith("Cote__Data__Directory.");
    }

    async Task StartAsync(params string[] settings)
    {
        await using var app = CoteHost.Create(
            ["--urls=http://127.0.0.1:0", $"--Cote:Data:Directory={_folder}", .. settings]);
        await app.StartAsync();
    }

    static CoteOptions Read(params string[] settings) => CoteConfiguration.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(
            settings.Select(x => KeyValuePair.Create(x[..x.IndexOf('=')], (string?)x[(x.IndexOf('=') + 1)..])))
            .Build());
}
