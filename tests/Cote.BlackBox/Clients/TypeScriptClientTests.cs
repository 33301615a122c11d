using System.Diagnostics;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Clients;

/// <summary>clients/typescript: its own tests, its types, and its example against the published program.</summary>
[Trait("Stage", "slow")]
public sealed class TypeScriptClientTests(PublishedProgram program, TypeScriptClient client)
{
    [Fact]
    public async Task Its_tests_pass_those_of_the_vectors_among_them()
    {
        var folder = await client.CompileAsync();
        var tests = Directory.GetFiles(Path.Combine(folder, "out/test"), "*.test.js");

        var (code, said) = await Shell.RunAsync(
            Needs.Program("node"), ["--test", "--test-reporter=tap", .. tests]);

        code.ShouldBe(0, said);
        said.ShouldContain("\n# fail 0\n");
        var vectors = Directory.GetFiles(Repository.Path("clients/vectors"), "*.json").Length;
        said.Split('\n').Count(x => x.StartsWith("ok ", StringComparison.Ordinal)).ShouldBeGreaterThan(vectors);
    }

    [Fact]
    public async Task Its_types_are_what_the_server_says_of_itself()
    {
        var folder = await client.CompileAsync();
        await using var node = await new Node(program).StartAsync();

        await Shell.MustAsync(Needs.Program("node"), Path.Combine(folder, "scripts/schema.mjs"),
            node.Url.ToString(), "generated.ts");

        (await File.ReadAllTextAsync(Path.Combine(folder, "generated.ts"))).ShouldBe(
            await File.ReadAllTextAsync(Repository.Path("clients/typescript/src/schema.ts")),
            "npm run schema writes clients/typescript/src/schema.ts anew.");
    }

    [Fact]
    public async Task The_chat_of_its_example_answers()
    {
        var folder = await client.CompileAsync();
        await using var node = await new Node(program).StartAsync();
        using var limit = new CancellationTokenSource(Patience.Deadline);
        using var chat = Process.Start(new ProcessStartInfo(Needs.Program("node"),
            [Path.Combine(folder, "examples/chat.mjs"), node.Url.ToString(), "ada", "correct horse battery"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;

        await chat.StandardInput.WriteLineAsync("Hello from the terminal".AsMemory(), limit.Token);
        var said = "";
        while (!said.Contains("[completed]", StringComparison.Ordinal))
            said += $"{await chat.StandardOutput.ReadLineAsync(limit.Token) ?? throw new EndOfStreamException(said)}\n";
        chat.StandardInput.Close();
        await chat.WaitForExitAsync(limit.Token);

        chat.ExitCode.ShouldBe(0);
        said.ShouldContain("user: Hello from the terminal");
        said.ShouldContain("You wrote: “Hello from the terminal”.");
    }
}
