using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Cote.Data;

/// <summary>Where things are kept.</summary>
public sealed class DataOptions
{
    [Description("The folder of the embedded database, the signing key and the media; made if it is not there. Relative to the working directory.")]
    [Required]
    public string Directory { get; set; } = "data";

    [Description("How many readers of the embedded database work at the same time.")]
    [Range(1, 256)]
    public int Readers { get; set; } = 8;

    [Description("How many writes may wait for the disk; beyond it a write is answered 503 `busy`.")]
    [Range(1, 1_000_000)]
    public int WriteQueue { get; set; } = 4_096;

    internal string DatabaseFile => Path.Combine(Directory, "cote.db");
}
