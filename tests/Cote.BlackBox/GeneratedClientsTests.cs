using System.Reflection;
using Cote.BlackBox.Harness;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using NJsonSchema.CodeGeneration.CSharp;
using NSwag;
using NSwag.CodeGeneration.CSharp;

namespace Cote.BlackBox;

/// <summary>
/// What generators make of <c>openapi.json</c>, used as people use it: compiled strictly, run against the server. The
/// programs stand in tests/generators.
/// </summary>
[Trait("Stage", "slow")]
public sealed class GeneratedClientsTests(PublishedProgram program)
{
    static readonly string Generators = Find("tests/generators");

    [Fact]
    public async Task The_description_passes_a_linter_and_its_TypeScript_client_compiles_strictly_and_works()
    {
        var npm = Needs.Program("npm");
        var node = Needs.Program("node");
        var folder = Path.Combine(Generators, "typescript");
        await using var server = await StartAsync();
        using var anyone = new CoteClient(server.Url);
        var work = Directory.CreateTempSubdirectory("cote-typescript-").FullName;
        try
        {
            foreach (var file in Directory.GetFiles(folder)
                .Where(x => !x.EndsWith("cote.d.ts", StringComparison.Ordinal)))
                File.Copy(file, Path.Combine(work, Path.GetFileName(file)));
            await File.WriteAllTextAsync(Path.Combine(work, "openapi.json"), (await anyone.GetAsync("/openapi.json"))
                .Ok().Text);
            var installed = await Shell.RunAsync(npm, "ci", "--prefix", work);
            if (installed.Code != 0)
                throw Needs.Missing($"npm could not install the generators: {installed.Said}");
            var bin = Path.Combine(work, "node_modules");
            var lint = await Shell.RunAsync(node, Path.Combine(bin, "@redocly/cli/bin/cli.js"), "lint",
                Path.Combine(work, "openapi.json"), "--config", Path.Combine(work, "redocly.yaml"));
            lint.Code.ShouldBe(0, lint.Said);
            lint.Said.ShouldNotContain("You have ", customMessage: lint.Said); // so many warnings
            await Shell.MustAsync(node, Path.Combine(bin, "openapi-typescript/bin/cli.js"),
                Path.Combine(work, "openapi.json"), "-o", Path.Combine(work, "cote.d.ts"));
            await Shell.MustAsync(node, Path.Combine(bin, "typescript/bin/tsc"), "-p", work);
            (await Shell.RunAsync(node, Path.Combine(work, "out/client.js"), server.Url.ToString().TrimEnd('/')))
                .ShouldBe((0, "done\n"));
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    [Fact]
    public async Task A_CSharp_client_of_NSwag_compiles_and_works()
    {
        await using var server = await StartAsync();
        using var anyone = new CoteClient(server.Url);
        var document = await OpenApiDocument.FromJsonAsync((await anyone.GetAsync("/openapi.json")).Ok().Text);
        var settings = new CSharpClientGeneratorSettings { ClassName = "CoteClient", UseBaseUrl = false };
        settings.CSharpGeneratorSettings.Namespace = "Generated";
        settings.CSharpGeneratorSettings.JsonLibrary = CSharpJsonLibrary.SystemTextJson;
        settings.CSharpGeneratorSettings.GenerateNullableReferenceTypes = true;
        settings.CSharpGeneratorSettings.GenerateOptionalPropertiesAsNullable = true;
        var generated = new CSharpClientGenerator(document, settings).GenerateFile();

        var platform = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        var compilation = CSharpCompilation.Create("NaturalClient",
            [
                CSharpSyntaxTree.ParseText(generated),
                CSharpSyntaxTree.ParseText(
                    await File.ReadAllTextAsync(Path.Combine(Generators, "csharp/NaturalClient.cs"))),
            ],
            platform.Select(x => MetadataReference.CreateFromFile(x)),
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using var library = new MemoryStream();
        var emitted = compilation.Emit(library);
        emitted.Diagnostics.Where(x => x.Severity == DiagnosticSeverity.Error).Select(x => x.ToString())
            .ShouldBeEmpty();

        var run = Assembly.Load(library.ToArray()).GetType("NaturalClient")!.GetMethod("RunAsync")!;
        await (Task)run.Invoke(null, [server.Url.ToString()])!;
    }

    Task<Node> StartAsync() => new Node(program).StartAsync();

    static string Find(string relative)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Cote.slnx")))
            folder = folder.Parent!;
        return Path.Combine(folder.FullName, relative);
    }
}
