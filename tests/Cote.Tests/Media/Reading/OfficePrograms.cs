namespace Cote.Tests.Media.Reading;

/// <summary>
/// The programs that make documents as people's programs do. LibreOffice takes a second to start: it makes all files of
/// a format at once, and once for all tests.
/// </summary>
static class OfficePrograms
{
    static readonly Dictionary<string, Lazy<Dictionary<string, byte[]>>> Converted =
        new[] { "pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp" }
            .ToDictionary(x => x, x => new Lazy<Dictionary<string, byte[]>>(() => Convert(x)));

    /// <summary>A file of <see cref="OfficeSources"/> as LibreOffice writes it.</summary>
    /// <param name="source">Its name there, such as <c>report.fodt</c>.</param>
    /// <param name="format">The ending of the format.</param>
    public static byte[] Office(string source, string format) =>
        Converted[format].Value.TryGetValue(Path.GetFileNameWithoutExtension(source), out var bytes) ? bytes
        : throw new InvalidOperationException($"LibreOffice made no {format} of {source}.");

    /// <summary>Runs a program on a file in a folder of its own; what it makes of it.</summary>
    /// <param name="program">Its name, or its path.</param>
    /// <param name="file">The file, to which the arguments refer as <c>in</c>.</param>
    /// <param name="made">The file that it makes.</param>
    /// <param name="arguments">What it is told.</param>
    public static byte[] Run(string program, byte[] file, string made, params string[] arguments)
    {
        var path = program.StartsWith('/') && File.Exists(program) ? program : Needs.Program(program);
        var folder = Directory.CreateTempSubdirectory("cote-documents-").FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "in"), file);
            Tools.Run(path, arguments, folder);
            return File.ReadAllBytes(Path.Combine(folder, made));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static Dictionary<string, byte[]> Convert(string format)
    {
        var office = Needs.Program("soffice");
        var folder = Directory.CreateTempSubdirectory("cote-documents-").FullName;
        try
        {
            var sources = OfficeSources.All.Where(x => x.Value.Formats.Contains(format)).ToList();
            foreach (var (name, source) in sources)
                File.WriteAllText(Path.Combine(folder, name), source.Xml);
            Tools.Run(office, [$"-env:UserInstallation=file://{folder}/user", "--headless", "--convert-to", format,
                "--outdir", "made", .. sources.Select(x => x.Key)], folder);
            return Directory.GetFiles(Path.Combine(folder, "made"))
                .ToDictionary(x => Path.GetFileNameWithoutExtension(x), File.ReadAllBytes);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
