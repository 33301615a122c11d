using Cote.Media;

namespace Cote.Chats;

/// <summary>Why a whole import is refused. Nothing of it is stored then.</summary>
static class ImportProblems
{
    /// <summary>The file is neither JSON nor an archive.</summary>
    public static Problem NotJson => MediaIngest.WrongFile("the file is neither JSON nor a ZIP archive");

    /// <summary>No product is known to write such a file.</summary>
    public static Problem NoExport => MediaIngest.WrongFile(
        "the file is no export of Cote, ChatGPT, Open WebUI or LibreChat");

    /// <summary>The archive is damaged or encrypted.</summary>
    public static Problem BrokenArchive => MediaIngest.WrongFile("the archive is damaged or encrypted");

    /// <summary>The archive holds no export.</summary>
    public static Problem EmptyArchive => MediaIngest.WrongFile("the archive holds no JSON file");
}
