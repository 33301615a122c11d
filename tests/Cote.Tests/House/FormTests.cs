using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Cote.Tests.House;

/// <summary>What a reader takes in at once: a file of 300 lines, a method of 60, a line of 120 columns.</summary>
public sealed class FormTests
{
    const int LongestFile = 300;
    const int LongestMethod = 60;
    const int LongestLine = 120;
    const int LongestLiteral = 90;
    static readonly string[] Folders = ["src", "tests", "bench", "samples", "clients"];

    [Fact]
    public void Files_methods_and_lines_are_short()
    {
        var files = Folders.Select(x => Repository.Path(x)).SelectMany(Sources).ToList();

        files.Count.ShouldBeGreaterThan(300);
        files.AsParallel().AsOrdered().SelectMany(x => Faults(x.Name, File.ReadAllText(x.Path))).ShouldBeEmpty();
    }

    [Fact]
    public void It_would_say_so()
    {
        var lines = string.Concat(Enumerable.Repeat("    ;\n", LongestMethod));
        Faults("A.cs", $"void M()\n{{\n{lines}}}\n").ShouldBe(["A.cs:1: M has 63 lines, at most 60"]);
        Faults("A.cs", string.Concat(Enumerable.Repeat("\n", LongestFile + 1)))
            .ShouldBe(["A.cs: 301 lines, at most 300"]);
        Faults("A.cs", $"\n// {new string('x', 120)}\n").ShouldBe(["A.cs:2: 123 columns, at most 120"]);
        Faults("A.cs", $"""Call("{new string('x', 60)}", "{new string('x', 60)}");""")
            .ShouldBe(["A.cs:1: 133 columns, at most 120"]);
        Faults("A.cs", $"""var a = "{new string('x', 120)}";""").ShouldBeEmpty();
        Faults("A.cs", $"var a = \"\"\"\n    {new string('x', 120)}\n    \"\"\";")
            .ShouldBeEmpty("a text of several lines is data");
    }

    static IEnumerable<(string Name, string Path)> Sources(string folder) =>
        from file in Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
        let name = Path.GetRelativePath(Repository.Path("."), file).Replace('\\', '/')
        where !name.Contains("/obj/", StringComparison.Ordinal) && !name.Contains("/bin/", StringComparison.Ordinal)
        select (name, file);

    static IEnumerable<string> Faults(string name, string source)
    {
        var text = SourceText.From(source);
        var root = CSharpSyntaxTree.ParseText(text).GetRoot();
        var count = text.Lines.Count - (source.EndsWith('\n') ? 1 : 0);
        if (count > LongestFile)
            yield return $"{name}: {count} lines, at most {LongestFile}";

        foreach (var node in root.DescendantNodes()
            .Where(x => x is BaseMethodDeclarationSyntax or LocalFunctionStatementSyntax))
            if (LinesOf(node) is var length && length > LongestMethod)
                yield return $"{name}:{text.Lines.IndexOf(node.SpanStart) + 1}: {NameOf(node)} has {length} lines, "
                    + $"at most {LongestMethod}";

        // A text of several lines is data, and a long literal, mostly JSON, cannot be cut where it has no space.
        var literals = root.DescendantNodes()
            .Where(x => x is LiteralExpressionSyntax or InterpolatedStringExpressionSyntax)
            .Select(x => x.Span).Where(x => x.Length > LongestLiteral).ToList();
        foreach (var line in text.Lines.Where(x => x.Span.Length > LongestLine))
        {
            var columns = line.ToString().EnumerateRunes().Count();
            var canBeCut = !literals.Any(x => x.OverlapsWith(line.Span) && (x.Start < line.Start || x.End <= line.End));
            if (columns > LongestLine && canBeCut)
                yield return $"{name}:{line.LineNumber + 1}: {columns} columns, at most {LongestLine}";
        }

        // A function inside another is counted for itself.
        int LinesOf(SyntaxNode node) =>
            Span(node) - node.DescendantNodes(x => x == node || x is not LocalFunctionStatementSyntax)
            .OfType<LocalFunctionStatementSyntax>().Where(x => x != node).Sum(Span);

        int Span(SyntaxNode node) => text.Lines.IndexOf(node.Span.End) - text.Lines.IndexOf(node.SpanStart) + 1;
    }

    static string NameOf(SyntaxNode node) => node switch
    {
        MethodDeclarationSyntax method => method.Identifier.Text,
        LocalFunctionStatementSyntax function => function.Identifier.Text,
        ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
        _ => node.Kind().ToString(),
    };
}
