using System.Globalization;
using Cote.BlackBox.Harness;

namespace Cote.BlackBox.Clients;

/// <summary>
/// Two devices with clients/typescript walk at random while their line is cut, their apps are ended and the program is
/// killed: clients/typescript/scripts/walk.ts, which says its seed where it fails.
/// </summary>
[Trait("Stage", "slow")]
public sealed class TypeScriptCrashTests(PublishedProgram program, TypeScriptClient client)
{
    const int Rounds = 20;

    [Fact]
    public async Task What_the_client_holds_is_what_the_server_answers_after_each_of_twenty_kills()
    {
        var folder = await client.CompileAsync();

        var (code, said) = await Shell.RunAsync(Needs.Program("node"), Path.Combine(folder, "out/scripts/walk.js"),
            program.File, Rounds.ToString(CultureInfo.InvariantCulture));

        code.ShouldBe(0, said);
        said.ShouldEndWith("done\n");
        said.Split('\n').Count(x => x.StartsWith("round ", StringComparison.Ordinal)).ShouldBe(Rounds);
    }
}
