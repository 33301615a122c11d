using System.Diagnostics;

namespace Cote.Tests.Media.Reading;

/// <summary>
/// The programs that make documents as people's programs do. LibreOffice takes a second to start: it makes all files of
/// a format at once, and once for all tests.
/// </summary>
static class OfficePrograms
{
    static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

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
    /// <param name="program">Its name; ImageMagick's stands where Debian puts it, whatever else has the name.</param>
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
            Run(path, folder, arguments);
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
            Run(office, folder, [$"-env:UserInstallation=file://{folder}/user", "--headless", "--convert-to", format,
                "--outdir", "made", .. sources.Select(x => x.Key)]);
            return Directory.GetFiles(Path.Combine(folder, "made"))
                .ToDictionary(x => Path.GetFileNameWithoutExtension(x), File.ReadAllBytes);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void Run(string program, string folder, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(Deadline))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} did not end.");
        }
        // qpdf ends with 3 where it had a warning.
        if (process.ExitCode is not (0 or 3))
            throw new InvalidOperationException(
                $"{program} ended with {process.ExitCode}: {said.Result}{complained.Result}");
    }
}
