using System.Runtime.InteropServices;
using ImageMagick;

namespace Cote.Media.Reading;

/// <summary>
/// ImageMagick as it is used here: eight readers and three writers, no other programs, nothing on disks, and memory for
/// a picture of 50 megapixels. A file that is none of the eight formats reaches no code of the others.
/// </summary>
static class ImageLibrary
{
    const long MostMemory = 352L * 1_048_576;
    const long MostPixels = 256L * 1_048_576;
    const uint LongestSide = 100_000;
    const int MostImages = 8;
    const int LongestProfile = 8 * 1_048_576;

    // Of rules that match, the last counts. There is none for paths: with one, no file in memory can be opened.
    const string Policy =
        """
        <policymap>
          <policy domain="delegate" rights="none" pattern="*"/>
          <policy domain="filter" rights="none" pattern="*"/>
          <policy domain="module" rights="none" pattern="*"/>
          <policy domain="module" rights="read | write" pattern="{BMP,GIF,HEIC,JP2,JPEG,PNG,TIFF,WEBP}"/>
          <policy domain="coder" rights="none" pattern="*"/>
          <policy domain="coder" rights="read" pattern="{AVIF,BMP,GIF,HEIC,JP2,TIFF}"/>
          <policy domain="coder" rights="read | write" pattern="{JPEG,PNG,WEBP}"/>
          <policy domain="resource" name="disk" value="0"/>
          <policy domain="resource" name="map" value="0"/>
        </policymap>
        """;

    static readonly Lazy<bool> Prepared = new(() =>
    {
        MagickNET.Initialize();
        SetPolicy();
        ResourceLimits.Memory = MostMemory;
        ResourceLimits.MaxMemoryRequest = MostMemory;
        ResourceLimits.Area = MostPixels;
        ResourceLimits.Disk = 0;
        ResourceLimits.Width = LongestSide;
        ResourceLimits.Height = LongestSide;
        ResourceLimits.ListLength = MostImages;
        ResourceLimits.MaxProfileSize = LongestProfile;
        ResourceLimits.Thread = 1;
        return true;
    });

    delegate nint Make();

    delegate int Set(nint policy, nint exception);

    delegate nint Destroy(nint exception);

    static string Name => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.Arm64 => "Magick.Native-Q8-arm64.dll",
        Architecture.X86 => "Magick.Native-Q8-x86.dll",
        _ => "Magick.Native-Q8-x64.dll",
    };

    /// <summary>Sets the limits, once a process; throws where they cannot be set.</summary>
    public static void Prepare() => _ = Prepared.Value;

    // The package can only set a policy by files in a folder, which a process without write access has not.
    static void SetPolicy()
    {
        var library = NativeLibrary.Load(Name, typeof(MagickNET).Assembly, null);
        var exception = Function<Make>("AcquireExceptionInfo")();
        var policy = Marshal.StringToCoTaskMemUTF8(Policy);
        try
        {
            if (Function<Set>("SetMagickSecurityPolicy")(policy, exception) == 0)
                throw new InvalidOperationException("ImageMagick does not take its policy.");
        }
        finally
        {
            Marshal.FreeCoTaskMem(policy);
            Function<Destroy>("DestroyExceptionInfo")(exception);
        }

        T Function<T>(string name) =>
            Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(library, name));
    }
}
