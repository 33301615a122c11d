using System.Diagnostics;

namespace Cote.Tests.Media.Reading;

/// <summary>Programs of the machine that make and judge files: none of them shares code with what is tested.</summary>
static class Tools
{
    static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    /// <summary>ImageMagick of the system; another program of the name may stand before it on the PATH.</summary>
    public static string Convert => At("/usr/bin/convert");

    public static string Ffmpeg => At("/usr/bin/ffmpeg");

    public static string HeifEnc => At("/usr/bin/heif-enc");

    public static string Cwebp => At("/usr/bin/cwebp");

    public static string WebpMux => At("/usr/bin/webpmux");

    public static string Speak => At("/usr/bin/espeak-ng");

    /// <summary>A folder that is deleted when the tests end.</summary>
    public static string Folder()
    {
        var folder = Directory.CreateTempSubdirectory("cote-reading-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    }

    /// <summary>Runs a program that must succeed; what it wrote to its output, and what it complained of.</summary>
    public static (byte[] Output, string Complaint) Run(
        string program, IEnumerable<string> arguments, string? folder = null, byte[]? input = null)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        })!;
        var complaint = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        var copied = process.StandardOutput.BaseStream.CopyToAsync(output);
        try
        {
            process.StandardInput.BaseStream.Write(input ?? []);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It may end before it has read all.
        }
        if (!Task.WaitAll([complaint, copied], Deadline) || !process.WaitForExit(Deadline))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} does not end.");
        }
        // qpdf ends with 3 where it had a warning.
        return process.ExitCode is 0 or 3 ? (output.ToArray(), complaint.Result)
            : throw new InvalidOperationException(
                $"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {complaint.Result}");
    }

    static string At(string path) => File.Exists(path) ? path : throw Needs.Missing($"There is no {path}.");
}
