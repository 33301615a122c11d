using System.Text.Json;
using System.Text.Json.Nodes;
using Cote.Tests.Harness;

namespace Cote.Tests.Chats.Import;

/// <summary><c>Cote.Server import</c>, with and without a running server.</summary>
public sealed class ImportCommandTests
{
    static readonly string Doves = Exports.File(Exports.Straight("a", 2), 5);

    [Fact]
    public async Task It_imports_a_file_for_a_user_while_the_server_runs_and_while_it_does_not()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync("ada");
        var file = Path.Combine(app.Data, "export.json");
        await File.WriteAllTextAsync(file, Doves, TestContext.Current.CancellationToken);

        var first = await RunAsync(app, "import", "ada", Path.GetRelativePath(Environment.CurrentDirectory, file));
        await app.StopAsync();
        var second = await RunAsync(app, "import", "ADA", file, "--again");
        var third = await RunAsync(app, "import", "ada", file);
        await app.StartAgainAsync();

        const string report = """{"chats":1,"messages":4,"skipped":[{"item":1,"reason":"not_a_chat"}]}""";
        (first.Code, Last(first.Output), first.Error).ShouldBe((0, report, ""));
        (second.Code, Last(second.Output), second.Error).ShouldBe((0, report, ""));
        JsonElement.Parse(Last(third.Output)).Skipped().ShouldBe("0 exists, 1 not_a_chat");
        using var again = await ada.OtherDeviceAsync(app.Url);
        (await again.ChatsAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task It_says_how_far_it_is()
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync("ada");
        var file = Path.Combine(app.Data, "export.json");
        var chats = Enumerable.Range(0, 50).Select(i => (JsonNode)Exports.Straight($"c{i}", 5));
        await File.WriteAllTextAsync(file, Exports.File([.. chats]), TestContext.Current.CancellationToken);

        var lines = (await RunAsync(app, "import", "ada", file)).Output.Split('\n');

        lines[0].ShouldBe("""{"items":1,"of":50}""");
        JsonElement.Parse(lines[^1]).Number("chats").ShouldBe(50);
    }

    [Theory]
    [InlineData("import|nobody|/x", "No such user")]
    [InlineData("import|ada|/no/such/file", "path: Value error, the file cannot be read: ")]
    public async Task What_is_wrong_is_said_in_a_sentence(string words, string error)
    {
        await using var app = await CoteApp.StartAsync();
        using var ada = await app.RegisterAsync("ada");

        var refused = await RunAsync(app, words.Split('|'));

        (refused.Code, refused.Output).ShouldBe((1, ""));
        refused.Error.ShouldStartWith(error);
    }

    static string Last(string output) => output.Split('\n')[^1];

    static async Task<(int Code, string Output, string Error)> RunAsync(CoteApp app, params string[] words)
    {
        using StringWriter output = new(), error = new();
        var code = await CoteCommands.RunAsync([.. words, .. app.Place], TextReader.Null, output, error);
        return (code ?? -1, output.ToString().Trim(), error.ToString().Trim());
    }
}
