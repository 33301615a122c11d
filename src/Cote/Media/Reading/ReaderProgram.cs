using System.Reflection;
using System.Runtime.InteropServices;

namespace Cote.Media.Reading;

/// <summary>How this program is started once more, as a reader.</summary>
/// <param name="File">The executable.</param>
/// <param name="Arguments">What stands before the verb.</param>
sealed record ReaderProgram(string File, IReadOnlyList<string> Arguments)
{
    // Of ImageMagick, without its extension.
    const string Native = "Magick.Native-Q8-";

    /// <summary>This program.</summary>
    public static ReaderProgram Own()
    {
        var entry = Assembly.GetEntryAssembly()?.Location;
        return string.IsNullOrEmpty(entry) ? new(Environment.ProcessPath!, []) : Of(entry);
    }

    /// <summary>The program of an assembly, which the runtime of this process executes.</summary>
    public static ReaderProgram Of(string assembly)
    {
        var runtime = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..");
        var muxer = Path.GetFullPath(Path.Combine(runtime, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
        return System.IO.File.Exists(muxer) ? new(muxer, ["exec", assembly])
            : new(Environment.ProcessPath!, []); // Published with its own runtime.
    }

    /// <summary>Whether the libraries are here that read pictures: a program may be published without.</summary>
    public static bool ReadsPictures { get; } = Folders().Any(x =>
        Directory.Exists(x) && Directory.EnumerateFiles(x, Native + "*").Any());

    static IEnumerable<string> Folders()
    {
        var found = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        return found.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append(AppContext.BaseDirectory);
    }
}
