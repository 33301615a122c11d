using System.Text.RegularExpressions;

namespace Cote.Tests.House;

/// <summary>The code in docs/extending.md is the code that is compiled.</summary>
public sealed partial class SnippetTests
{
    [Fact]
    public void Code_that_names_its_file_stands_in_it()
    {
        var page = File.ReadAllText(Repository.Path("docs/extending.md")).ReplaceLineEndings("\n");
        var pieces = Blocks().Matches(page).SelectMany(x => Pieces(x.Groups[1].Value))
            .Where(x => !x.File.StartsWith("tests/", StringComparison.Ordinal)).ToList();

        pieces.Count.ShouldBeGreaterThan(5);
        pieces.Where(x => !StandsIn(x.File, x.Code)).Select(x => $"{x.File} does not have:\n{x.Code}").ShouldBeEmpty();
    }

    [Fact]
    public void It_would_say_so()
    {
        StandsIn("samples/CustomServer/Program.cs", "await CoteHost.RunAsync(args, AddOwn);").ShouldBeTrue();
        StandsIn("samples/CustomServer/Program.cs", "await CoteHost.RunAsync(args, remove => remove").ShouldBeFalse();
    }

    // A block may hold pieces of several files, each after a line with its name.
    static IEnumerable<(string File, string Code)> Pieces(string block) => Names().Split(block).Skip(1).Chunk(2)
        .Select(x => (x[0], x[1].Trim('\n')));

    // Line by line and in order, whatever the indentation: a page leaves out what does not matter to it.
    static bool StandsIn(string file, string code)
    {
        var lines = File.ReadLines(Repository.Path(file)).Select(x => x.Trim()).ToList();
        var at = 0;
        foreach (var line in code.Split('\n').Select(x => x.Trim()).Where(x => x.Length > 0))
        {
            at = lines.IndexOf(line, at) + 1;
            if (at == 0)
                return false;
        }
        return true;
    }

    [GeneratedRegex("```csharp\n(// [a-zA-Z].*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@"^// ((?:src|samples|tests)/\S+\.cs)\n", RegexOptions.Multiline)]
    private static partial Regex Names();
}
