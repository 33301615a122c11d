using System.Diagnostics;
using System.Text.Json;
using static Cote.BlackBox.Clients.DotNetClients;

namespace Cote.BlackBox.Clients;

/// <summary>The chat in 40 lines: what the README shows is what is compiled, and it works.</summary>
public sealed class DotNetClientSampleTests(DemoNode node) : IClassFixture<DemoNode>
{
    const string Sample = "clients/dotnet/samples/Chat";

    [Fact]
    public void The_readme_shows_the_sample_whole()
    {
        var code = File.ReadAllText(Repository.Path(Sample + "/Program.cs")).ReplaceLineEndings("\n").TrimEnd();

        File.ReadAllText(Repository.Path("clients/dotnet/README.md")).ReplaceLineEndings("\n")
            .ShouldContain($"```csharp\n{code}\n```");
        code.Split('\n').Length.ShouldBeLessThanOrEqualTo(42, "40 lines, a comment and its name");
    }

    [Fact]
    public async Task It_asks_shows_the_reply_and_has_both_the_next_time()
    {
        var folder = Directory.CreateTempSubdirectory("cote-chat-");
        var name = NewName();
        await using (var client = await RegisterAsync(node.Url, name: name))
            await client.ChatAsync("demo/demo");

        var first = await RunAsync(folder.FullName, name, "How do doves travel?\n");
        var second = await RunAsync(folder.FullName, name, "");

        first.Trim().ShouldNotBeEmpty();
        second.ShouldBe($"user: How do doves travel?\nai: {first.TrimEnd('\n')}\n");
        folder.Delete(recursive: true);
    }

    async Task<string> RunAsync(string folder, string name, string input)
    {
        string[] arguments = [node.Url.ToString(), name, Password, folder];
        var start = new ProcessStartInfo(Repository.Program(Sample), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var program = Process.Start(start)!;
        await program.StandardInput.WriteAsync(input);
        program.StandardInput.Close();
        var errors = program.StandardError.ReadToEndAsync();
        var output = await program.StandardOutput.ReadToEndAsync().InTimeAsync();
        await program.WaitForExitAsync().InTimeAsync();
        program.ExitCode.ShouldBe(0, await errors.InTimeAsync());
        return output;
    }
}
