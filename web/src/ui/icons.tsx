// Our own few icons, drawn on a grid of 16 with one stroke. Always decoration: a word stands beside
// each, or a label on its button.
import type { ReactNode } from "react";

function icon(paths: ReactNode) {
  return function Icon() {
    return (
      <svg
        width="16"
        height="16"
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {paths}
      </svg>
    );
  };
}

export const OverviewIcon = icon(
  <>
    <rect x="2.250" y="2.250" width="4.750" height="6.500" rx="1.250" />
    <rect x="9" y="2.250" width="4.750" height="3.500" rx="1.250" />
    <rect x="2.250" y="10.750" width="4.750" height="3" rx="1.250" />
    <rect x="9" y="7.750" width="4.750" height="6" rx="1.250" />
  </>,
);
export const ApplianceIcon = icon(
  <>
    <rect x="2" y="2.750" width="12" height="4.500" rx="1.250" />
    <rect x="2" y="8.750" width="12" height="4.500" rx="1.250" />
    <path d="M4.500 5h.01M4.500 11h.01M7.500 5h4M7.500 11h4" />
  </>,
);
export const OperationIcon = icon(<path d="M8.750 1.750 3.500 9h4l-.25 5.250L12.500 7h-4z" />);
export const EnrolIcon = icon(
  <>
    <circle cx="8" cy="8" r="6" />
    <path d="M8 5.250v5.500M5.250 8h5.500" />
  </>,
);
export const AuditIcon = icon(
  <>
    <path d="M4 2.250h8a1 1 0 0 1 1 1v9.500a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1v-9.500a1 1 0 0 1 1-1z" />
    <path d="M5.500 5.500h5M5.500 8h5M5.500 10.500h3" />
  </>,
);
export const BackupIcon = icon(
  <>
    <path d="M6 4.250v-2h4v2" />
    <rect x="4.500" y="4.250" width="7" height="9.500" rx="1.250" />
    <path d="m6.250 9.250 1.250 1.250 2.250-2.500" />
  </>,
);
export const MigrationIcon = icon(
  <>
    <path d="M2 8h9.500M8.500 5l3 3-3 3" />
    <path d="M14 2.750v10.500" />
  </>,
);
export const ReliabilityIcon = icon(
  <>
    <path d="M2.500 2.500v11h11" />
    <path d="M4.500 4.500H7v2.750h2.750v2.500h3.500" />
  </>,
);
export const EndIcon = icon(<path d="M1.750 9h2.500l1.750-5.500 2.500 9L10 9h.75M13.500 9h.01" />);
export const ReleaseIcon = icon(
  <>
    <path d="M8.250 2.250h5.500v5.500l-6 6-5.500-5.500z" />
    <path d="M11 5h.01" strokeWidth="2.250" />
  </>,
);
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.250" />
    <path d="m10.250 10.250 3.250 3.250" />
  </>,
);
export const CloseIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const CheckIcon = icon(<path d="m3 8.500 3.250 3.250L13 5" />);
export const CopyIcon = icon(
  <>
    <rect x="5.500" y="5.500" width="8" height="8" rx="1.500" />
    <path d="M10.500 5.500V4A1.500 1.500 0 0 0 9 2.500H4A1.500 1.500 0 0 0 2.500 4v5A1.500 1.500 0 0 0 4 10.500h1.500" />
  </>,
);
export const ChevronIcon = icon(<path d="m4.500 6.250 3.500 3.500 3.500-3.500" />);
export const MoreIcon = icon(<path d="M3.500 8h.01M8 8h.01M12.500 8h.01" strokeWidth="2.250" />);
export const FilterIcon = icon(<path d="M2 4h12M4.500 8h7M6.750 12h2.500" />);
export const PersonIcon = icon(
  <>
    <circle cx="8" cy="5.500" r="2.750" />
    <path d="M2.750 13.500c.75-2.500 2.750-3.750 5.250-3.750s4.500 1.250 5.250 3.750" />
  </>,
);
export const DownloadIcon = icon(
  <path d="M8 2.500v7.250M4.750 7 8 10.250 11.250 7M2.750 13.250h10.500" />,
);
export const WarningIcon = icon(
  <>
    <path d="M8 2.250 14.250 13H1.750z" />
    <path d="M8 6.500v3M8 11.250h.01" />
  </>,
);
export const DebugIcon = icon(
  <>
    <path d="M9.250 13.750H4.500a1 1 0 0 1-1-1v-9.500a1 1 0 0 1 1-1h4.250l3.750 3.750v1" />
    <circle cx="10.250" cy="10.250" r="2.250" />
    <path d="m12 12 2 2" />
  </>,
);
